"""The public names, by the chapter that brings them; an editor reads this file, and ``__init__.py`` loads from it."""

from . import checks

# Part IV: chapters 17 (methylation, CpGs), 18 (expression), 19 (image series), 20 (systems), 21 (patients)
from .applications.cpgs import cpg_loader, cpg_sequences, load_cpgs
from .applications.expression import course_loader, hold_out_experiment, load_expression
from .applications.image_series import block_loader, leave_one_run_out, load_image_series, task_blocks
from .applications.methylation import load_methylation, methylation_splits, methylation_windows, window_loader
from .applications.motifs import enriched_words
from .applications.networks import Forecaster, LevelTagger, SequenceClassifier, with_hidden_head
from .applications.patients import (
    censoring_weights,
    load_patients,
    patient_outcome,
    split_by_matched_set,
)
from .applications.scores import area_under_roc, average_precision, best_threshold, outputs_in_order, rmse
from .applications.systems import load_repressilator, simulate_repressilator
from .applications.trajectories import (
    TRAJECTORY_REGIONS,
    TrajectoryScale,
    cut_windows,
    draw_trajectories,
    load_trajectories,
    trajectory_loader,
)
from .applications.visits import patient_parts, patient_visits
from .applications.visual_fields import load_visual_fields
from .batches.batch import Batch, BatchingError
from .batches.buckets import length_buckets

# Chapter 12: a language model of proteins
from .batches.embeddings import embed, feature_loader
from .batches.fusion import FusedLoader
from .batches.loader import BatchLoader
from .batches.profiles import ProfileLoader, read_profiles
from .batches.proteins import Loader, collate, encode, make_loader
from .batches.residues import ResidueLoader
from .batches.sequences import SequenceLoader

# Everywhere
from .core.errors import PSSPError
from .core.files import FileError
from .core.results import read_results, save_results
from .evaluation.bootstrap import Interval, draw_scores, score_difference, score_interval
from .evaluation.boundaries import observed_segments, segment_statistics
from .evaluation.calibration import apply_temperature, fit_temperature, reliability
from .evaluation.comparison import Comparison, compare_states
from .evaluation.report import ProteinReport, Report
from .evaluation.scores import confusion_matrix, f1, mcc
from .evaluation.segments import sov99, sov_refine

# Chapter 13: looking inside
from .inside.attribution import Attribution, attributions
from .inside.log_odds import InsideError, log_odds
from .inside.mutagenesis import mutagenesis, substitutions
from .inside.probing import control_labels, linear_probe
from .inside.silencing import silenced

# Chapter 5: the model
# Chapters 5 (the model) and 11 (other architectures)
from .models.architectures import ARCHITECTURES, SequenceLabeller
from .models.article import ProteinSecondaryStructurePrediction
from .models.attention import AttentionLayer, FeedForward, rotated
from .models.bilstm import BidirectionalLSTM, BiLSTM
from .models.cells import GRU, MLSTM, BothWays, CoupledLSTM, MinGRU, scan
from .models.contract import count_parameters, evaluating, evaluation_twin
from .models.convolution import ConvBiLSTM, ConvolutionLayer
from .models.fusion import LateFusion
from .models.graph import GraphLabeller, MessagePassing, PairScores
from .models.language import LanguageModel

# Chapter 2: the LSTM
from .models.lstm import LSTM, GateRecord, LSTMCell, record_gates
from .models.ngrams import NGram
from .models.storage import load_pretrained, save_pretrained
from .plots.gates import plot_gates
from .plots.inside import plot_attribution, plot_mutagenesis
from .plots.predictions import plot_prediction
from .plots.scores import plot_confusion, plot_per_protein
from .plots.structures import draw_structure, plot_record
from .plots.style import PALETTE, use_style
from .plots.training import plot_history
from .plots.view import StructureView, view_structure

# Chapters 14 and 15: speed, many machines
from .prediction.cluster import chunks_of, cluster, predict_on_cluster

# Chapter 7: evaluation
from .prediction.evaluate import evaluate
from .prediction.onnx_graph import onnx_graph
from .prediction.onnx_model import OnnxModel
from .prediction.predict import iter_predict, predict
from .prediction.prediction import Prediction

# Chapter 1: proteins
from .proteins.alignment import alignment_profile, sequence_weights
from .proteins.alphabet import (
    AMINO_ACIDS,
    IGNORE_INDEX,
    REDUCTIONS,
    RESIDUES,
    STATE_NAMES,
    STATES3,
    STATES8,
    decode_states,
    encode_residues,
    encode_states,
    normalise_sequence,
    reduce_states,
)
from .proteins.backbones import load_backbones

# Chapter 4: chains, splits and batches
from .proteins.chains import ChainSet, load_chains, write_chains
from .proteins.cleaning import SequenceWarning
from .proteins.dssp import assign_dssp, hydrogen_bond_energies
from .proteins.fasta import read_fasta, write_fasta
from .proteins.homology import RedundancyError, cluster_sequences, related_pairs

# Chapter 10: relatives
from .proteins.profiles import load_profiles
from .proteins.propensities import HELIX_PROPENSITIES, STRAND_PROPENSITIES
from .proteins.record import ProteinRecord, from_seqrecord, to_seqrecord
from .proteins.splits import split_by_homology
from .proteins.states import read_states
from .proteins.structure import label_structure, read_structure
from .proteins.torsions import backbone_torsions
from .training.distillation import MultiTask, teach
from .training.distributed import train_alone
from .training.epoch import train_epoch, validate
from .training.features import language_features
from .training.fit import History, fit
from .training.settings import FitSettings

# Chapter 6: training
from .training.stopping import EarlyStopping, TrainingError
from .uniprot.client import QUERY, FetchError, FetchSettings, QueryError
from .uniprot.dataset import Selection, select_entries, to_chains

# Chapter 3: UniProt
from .uniprot.entry import PDBStructure, UniProtEntry, UniProtError, UniProtFeature
from .uniprot.fetch import Fetched, fetch_uniprot
from .uniprot.flat import load_uniprot_entries, read_uniprot, uniprot_text
from .uniprot.labels import LabelledEntry, LabelReport, label_entries, label_entry

__version__: str
__all__ = [
    "AMINO_ACIDS",
    "ARCHITECTURES",
    "GRU",
    "HELIX_PROPENSITIES",
    "IGNORE_INDEX",
    "LSTM",
    "MLSTM",
    "PALETTE",
    "QUERY",
    "REDUCTIONS",
    "RESIDUES",
    "STATES3",
    "STATES8",
    "STATE_NAMES",
    "STRAND_PROPENSITIES",
    "TRAJECTORY_REGIONS",
    "AttentionLayer",
    "Attribution",
    "Batch",
    "BatchLoader",
    "BatchingError",
    "BiLSTM",
    "BidirectionalLSTM",
    "BothWays",
    "ChainSet",
    "Comparison",
    "ConvBiLSTM",
    "ConvolutionLayer",
    "CoupledLSTM",
    "EarlyStopping",
    "FeedForward",
    "FetchError",
    "FetchSettings",
    "Fetched",
    "FileError",
    "FitSettings",
    "Forecaster",
    "FusedLoader",
    "GateRecord",
    "GraphLabeller",
    "History",
    "InsideError",
    "Interval",
    "LSTMCell",
    "LabelReport",
    "LabelledEntry",
    "LanguageModel",
    "LateFusion",
    "LevelTagger",
    "Loader",
    "MessagePassing",
    "MinGRU",
    "MultiTask",
    "NGram",
    "OnnxModel",
    "PDBStructure",
    "PSSPError",
    "PairScores",
    "Prediction",
    "ProfileLoader",
    "ProteinRecord",
    "ProteinReport",
    "ProteinSecondaryStructurePrediction",
    "QueryError",
    "RedundancyError",
    "Report",
    "ResidueLoader",
    "Selection",
    "SequenceClassifier",
    "SequenceLabeller",
    "SequenceLoader",
    "SequenceWarning",
    "StructureView",
    "TrainingError",
    "TrajectoryScale",
    "UniProtEntry",
    "UniProtError",
    "UniProtFeature",
    "alignment_profile",
    "apply_temperature",
    "area_under_roc",
    "assign_dssp",
    "attributions",
    "average_precision",
    "backbone_torsions",
    "best_threshold",
    "block_loader",
    "censoring_weights",
    "checks",
    "chunks_of",
    "cluster",
    "cluster_sequences",
    "collate",
    "compare_states",
    "confusion_matrix",
    "control_labels",
    "count_parameters",
    "course_loader",
    "cpg_loader",
    "cpg_sequences",
    "cut_windows",
    "decode_states",
    "draw_scores",
    "draw_structure",
    "draw_trajectories",
    "embed",
    "encode",
    "encode_residues",
    "encode_states",
    "enriched_words",
    "evaluate",
    "evaluating",
    "evaluation_twin",
    "f1",
    "feature_loader",
    "fetch_uniprot",
    "fit",
    "fit_temperature",
    "from_seqrecord",
    "hold_out_experiment",
    "hydrogen_bond_energies",
    "iter_predict",
    "label_entries",
    "label_entry",
    "label_structure",
    "language_features",
    "leave_one_run_out",
    "length_buckets",
    "linear_probe",
    "load_backbones",
    "load_chains",
    "load_cpgs",
    "load_expression",
    "load_image_series",
    "load_methylation",
    "load_patients",
    "load_pretrained",
    "load_profiles",
    "load_repressilator",
    "load_trajectories",
    "load_uniprot_entries",
    "load_visual_fields",
    "log_odds",
    "make_loader",
    "mcc",
    "methylation_splits",
    "methylation_windows",
    "mutagenesis",
    "normalise_sequence",
    "observed_segments",
    "onnx_graph",
    "outputs_in_order",
    "patient_outcome",
    "patient_parts",
    "patient_visits",
    "plot_attribution",
    "plot_confusion",
    "plot_gates",
    "plot_history",
    "plot_mutagenesis",
    "plot_per_protein",
    "plot_prediction",
    "plot_record",
    "predict",
    "predict_on_cluster",
    "read_fasta",
    "read_profiles",
    "read_results",
    "read_states",
    "read_structure",
    "read_uniprot",
    "record_gates",
    "reduce_states",
    "related_pairs",
    "reliability",
    "rmse",
    "rotated",
    "save_pretrained",
    "save_results",
    "scan",
    "score_difference",
    "score_interval",
    "segment_statistics",
    "select_entries",
    "sequence_weights",
    "silenced",
    "simulate_repressilator",
    "sov99",
    "sov_refine",
    "split_by_homology",
    "split_by_matched_set",
    "substitutions",
    "task_blocks",
    "teach",
    "to_chains",
    "to_seqrecord",
    "train_alone",
    "train_epoch",
    "trajectory_loader",
    "uniprot_text",
    "use_style",
    "validate",
    "view_structure",
    "window_loader",
    "with_hidden_head",
    "write_chains",
    "write_fasta",
]
