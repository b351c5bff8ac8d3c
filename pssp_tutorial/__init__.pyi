"""The public names, by the chapter that brings them; an editor reads this file, and ``__init__.py`` loads from it."""

# The order is that of the chapters; ``X as X`` says that a name is public.
# isort: skip_file
# fmt: off

# Everywhere
from .core.errors import PSSPError as PSSPError
from .core.files import FileError as FileError
from .core.results import read_results as read_results, save_results as save_results
from . import checks as checks  # the exercises and quizzes

# Chapter 1: proteins and their structure
from .proteins.alphabet import (
    AMINO_ACIDS as AMINO_ACIDS, IGNORE_INDEX as IGNORE_INDEX, REDUCTIONS as REDUCTIONS, RESIDUES as RESIDUES,
    STATES3 as STATES3, STATES8 as STATES8, STATE_NAMES as STATE_NAMES, decode_states as decode_states,
    encode_residues as encode_residues, encode_states as encode_states, normalise_sequence as normalise_sequence,
    reduce_states as reduce_states,
)
from .proteins.by_chain import load_backbones as load_backbones
from .proteins.dssp import assign_dssp as assign_dssp, hydrogen_bond_energies as hydrogen_bond_energies
from .proteins.record import ProteinRecord as ProteinRecord
from .proteins.structure import label_structure as label_structure, read_structure as read_structure
from .proteins.torsions import backbone_torsions as backbone_torsions
from .plots.structures import draw_structure as draw_structure, plot_record as plot_record
from .plots.style import PALETTE as PALETTE, use_style as use_style
from .plots.view import StructureView as StructureView, view_structure as view_structure

# Chapter 2: the LSTM
from .models.lstm import GateRecord as GateRecord, LSTM as LSTM, record_gates as record_gates
from .plots.gates import plot_gates as plot_gates

# Chapter 3: data from UniProt
from .uniprot.client import (
    FetchError as FetchError, FetchSettings as FetchSettings, QUERY as QUERY, QueryError as QueryError,
)
from .uniprot.dataset import Selection as Selection
from .uniprot.entry import (
    PDBStructure as PDBStructure, UniProtEntry as UniProtEntry, UniProtError as UniProtError,
    UniProtFeature as UniProtFeature,
)
from .uniprot.fetch import Fetched as Fetched, fetch_uniprot as fetch_uniprot
from .uniprot.flat import (
    load_uniprot_entries as load_uniprot_entries, read_uniprot as read_uniprot, uniprot_text as uniprot_text,
)
from .uniprot.labels import (
    LabelReport as LabelReport, LabelledEntry as LabelledEntry, label_entries as label_entries,
    label_entry as label_entry,
)

# Chapter 4: chains, splits and batches
from .proteins.chains import ChainSet as ChainSet, load_chains as load_chains, write_chains as write_chains
from .proteins.cleaning import SequenceWarning as SequenceWarning
from .proteins.fasta import read_fasta as read_fasta, write_fasta as write_fasta
from .proteins.homology import (
    RedundancyError as RedundancyError, cluster_sequences as cluster_sequences, related_pairs as related_pairs,
)
from .proteins.splits import split_by_homology as split_by_homology
from .batches.batch import Batch as Batch, BatchingError as BatchingError
from .batches.buckets import length_buckets as length_buckets
from .batches.loader import BatchLoader as BatchLoader
from .batches.proteins import Loader as Loader, collate as collate, encode as encode, make_loader as make_loader

# Chapter 5: the model
from .models.article import ProteinSecondaryStructurePrediction as ProteinSecondaryStructurePrediction
from .models.bilstm import BiLSTM as BiLSTM, BidirectionalLSTM as BidirectionalLSTM
from .models.contract import (
    count_parameters as count_parameters, evaluating as evaluating, evaluation_twin as evaluation_twin,
)
from .models.convolution import ConvBiLSTM as ConvBiLSTM, ConvolutionLayer as ConvolutionLayer
from .models.storage import load_pretrained as load_pretrained, save_pretrained as save_pretrained
from .prediction.predict import iter_predict as iter_predict, predict as predict
from .prediction.prediction import Prediction as Prediction
from .plots.predictions import plot_prediction as plot_prediction

# Chapter 6: training
from .training.epoch import train_epoch as train_epoch, validate as validate
from .training.fit import History as History, fit as fit
from .training.settings import FitSettings as FitSettings
from .training.stopping import EarlyStopping as EarlyStopping, TrainingError as TrainingError
from .plots.training import plot_history as plot_history

# Chapters 7 and 8: evaluation
from .evaluation.bootstrap import (
    Interval as Interval, draw_scores as draw_scores, score_difference as score_difference,
    score_interval as score_interval,
)
from .evaluation.boundaries import observed_segments as observed_segments, segment_statistics as segment_statistics
from .evaluation.calibration import (
    apply_temperature as apply_temperature, fit_temperature as fit_temperature, reliability as reliability,
)
from .evaluation.comparison import Comparison as Comparison, compare_states as compare_states
from .evaluation.report import ProteinReport as ProteinReport, Report as Report
from .evaluation.scores import f1 as f1, mcc as mcc
from .evaluation.segments import sov99 as sov99, sov_refine as sov_refine
from .prediction.evaluate import evaluate as evaluate
from .proteins.states import read_states as read_states
from .plots.scores import plot_confusion as plot_confusion, plot_per_protein as plot_per_protein

# Chapter 10: relatives
from .proteins.alignment import alignment_profile as alignment_profile, sequence_weights as sequence_weights
from .proteins.by_chain import load_profiles as load_profiles
from .batches.fusion import FusedLoader as FusedLoader
from .batches.profiles import ProfileLoader as ProfileLoader, read_profiles as read_profiles
from .models.fusion import LateFusion as LateFusion

# Chapter 11: other architectures
from .models.architectures import ARCHITECTURES as ARCHITECTURES, SequenceLabeller as SequenceLabeller
from .models.attention import AttentionLayer as AttentionLayer, FeedForward as FeedForward, rotated as rotated
from .models.cells import (
    BothWays as BothWays, CoupledLSTM as CoupledLSTM, GRU as GRU, MLSTM as MLSTM, MinGRU as MinGRU, scan as scan,
)
from .models.graph import GraphLabeller as GraphLabeller, MessagePassing as MessagePassing, PairScores as PairScores

# Chapter 12: a language model of proteins
from .batches.embeddings import embed as embed, feature_loader as feature_loader
from .batches.residues import ResidueLoader as ResidueLoader
from .models.language import LanguageModel as LanguageModel
from .models.ngrams import NGram as NGram
from .training.features import language_features as language_features

# Chapter 13: looking inside
from .inside.attribution import Attribution as Attribution, attributions as attributions
from .inside.log_odds import InsideError as InsideError, log_odds as log_odds
from .inside.mutagenesis import mutagenesis as mutagenesis, substitutions as substitutions
from .inside.probing import control_labels as control_labels, linear_probe as linear_probe
from .inside.silencing import silenced as silenced
from .proteins.propensities import HELIX_PROPENSITIES as HELIX_PROPENSITIES, STRAND_PROPENSITIES as STRAND_PROPENSITIES
from .plots.inside import plot_attribution as plot_attribution, plot_mutagenesis as plot_mutagenesis

# Chapters 14 to 16: fast and small, many machines, a model worth shipping
from .prediction.cluster import chunks_of as chunks_of, cluster as cluster, predict_on_cluster as predict_on_cluster
from .prediction.onnx_graph import onnx_graph as onnx_graph
from .prediction.onnx_model import OnnxModel as OnnxModel
from .training.distillation import MultiTask as MultiTask, teach as teach
from .training.distributed import Stream as Stream, joint_accuracy as joint_accuracy, train_alone as train_alone

# Part IV: chapters 17 (methylation, CpGs), 18 (expression), 19 (image series), 20 (systems) and 21 (patients)
from .batches.sequences import SequenceLoader as SequenceLoader
from .applications.networks import (
    Forecaster as Forecaster, SequenceClassifier as SequenceClassifier, with_hidden_head as with_hidden_head,
)
from .applications.scores import best_threshold as best_threshold, outputs_in_order as outputs_in_order, rmse as rmse
from .applications.methylation import (
    load_methylation as load_methylation, methylation_splits as methylation_splits,
    methylation_windows as methylation_windows, window_loader as window_loader,
)
from .applications.motifs import enriched_words as enriched_words
from .applications.cpgs import cpg_sequences as cpg_sequences, load_cpgs as load_cpgs
from .applications.expression import (
    course_loader as course_loader, hold_out_experiment as hold_out_experiment, load_expression as load_expression,
)
from .applications.image_series import (
    block_loader as block_loader, leave_one_run_out as leave_one_run_out, load_image_series as load_image_series,
    task_blocks as task_blocks,
)
from .applications.systems import (
    load_repressilator as load_repressilator, simulate_repressilator as simulate_repressilator,
)
from .applications.trajectories import (
    TRAJECTORY_REGIONS as TRAJECTORY_REGIONS, TrajectoryScale as TrajectoryScale, cut_windows as cut_windows,
    draw_trajectories as draw_trajectories, load_trajectories as load_trajectories,
    trajectory_loader as trajectory_loader,
)
from .applications.pathway import Pathway as Pathway, load_glycolysis as load_glycolysis
from .applications.feeds import (
    FEED_REGIONS as FEED_REGIONS, draw_feeds as draw_feeds, follow_feeds as follow_feeds,
)
from .applications.patients import (
    censoring_weights as censoring_weights, load_patients as load_patients, patient_outcome as patient_outcome,
    split_by_matched_set as split_by_matched_set,
)
from .applications.visits import patient_parts as patient_parts, patient_visits as patient_visits
from .applications.visual_fields import load_visual_fields as load_visual_fields

__version__: str
