"""Protein secondary structure prediction with LSTMs: the package behind the book.

>>> import pssp_tutorial as pssp
>>> chains = pssp.load_chains("mini")
>>> model = pssp.BiLSTM(hidden_size=8)
>>> len(pssp.predict(model, "MKTVRQERLKSIVRILERSKEPVSGAQ").states)
27

Names load on first use, so that importing the package is cheap.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_MODULES = {
    "alphabet": "AMINO_ACIDS IGNORE_INDEX RESIDUES STATES3 STATES8 decode_states encode_residues encode_states "
    "normalise_sequence reduce_states",
    "batching": "Batch Loader collate encode length_buckets make_loader",
    "bootstrap": "Interval score_difference score_interval",
    "boundaries": "observed_segments segment_statistics",
    "calibration": "apply_temperature fit_temperature reliability",
    "chains": "ChainSet load_chains",
    "checks": "",
    "errors": "PSSPError",
    "files": "FileError",
    "inference": "Prediction evaluate iter_predict predict",
    "lstm": "LSTM GateRecord LSTMCell record_gates",
    "metrics": "Report confusion_matrix sov99 sov_refine",
    "models": "BiLSTM BidirectionalLSTM ConvBiLSTM ProteinSecondaryStructurePrediction count_parameters evaluating "
    "load_model save_model",
    "plots": "PALETTE draw_structure plot_confusion plot_gates plot_history plot_per_protein plot_prediction "
    "plot_record use_style",
    "pretrained": "load_pretrained save_pretrained",
    "profiles": "MultiTask ProfileLoader read_profiles teach",
    "records": "ProteinRecord from_seqrecord read_fasta to_seqrecord write_fasta",
    "redundancy": "RedundancyError cluster_sequences related_pairs",
    "results": "read_results save_results",
    "training": "EarlyStopping History fit train_epoch validate",
    "uniprot": "label_entries label_entry load_uniprot_entries uniprot_text",
    "uniprot_client": "FetchError FetchSettings QueryError",
    "uniprot_entries": "InactiveEntry PDBStructure UniProtEntry UniProtError UniProtFeature",
    "uniprot_fetch": "Fetched fetch_uniprot",
    "uniprot_formats": "read_uniprot",
    "uniprot_report": "LabelReport LabelledEntry",
    "uniprot_sets": "select_entries to_chains write_chains",
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
