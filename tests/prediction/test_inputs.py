"""The door: one rule for every way in, composition looked at, and the caller's own things left alone."""

import gzip
import io
import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from Bio.Seq import MutableSeq, Seq
from Bio.SeqRecord import SeqRecord

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.prediction.inputs import Rules, is_source, read_proteins
from pssp_tutorial.prediction.predict import iter_predict, predict
from pssp_tutorial.proteins.alphabet import AlphabetError
from pssp_tutorial.proteins.cleaning import SequenceWarning
from pssp_tutorial.proteins.record import ProteinRecord, RecordError


def ways(text: str, folder: Path) -> dict[str, object]:
    """One protein in each way that it can come in."""
    path = folder / "one.fasta"
    path.write_text(f">one\n{text}\n", encoding="utf-8")
    packed = folder / "one.fasta.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return {
        "str": text,
        "Seq": Seq(text),
        "MutableSeq": MutableSeq(text),
        "SeqRecord": SeqRecord(Seq(text), "one"),
        "ProteinRecord": ProteinRecord("one", text),
        "pair": [("one", text)],
        "several": [text],
        "path": path,
        "name of a path": str(path),
        "packed": packed,
        "text handle": io.StringIO(f">one\n{text}\n"),
        "handle of bytes": io.BytesIO(f">one\n{text}\n".encode()),
        "several files": [str(path)],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [("MK tv\t GA*", "MKtvGA"), ("MKTVGA.", "MKTVGA"), (" M K\nTUX\r\n", "MKTUX"), ("mkuobzjx", "mkuobzjx")],
)
@pytest.mark.filterwarnings("ignore::pssp_tutorial.proteins.cleaning.SequenceWarning")
def test_one_rule_for_every_way_in(tmp_path, text, expected):
    """Once, a `*` was dropped from text and from a file, and was an error in a record."""
    for way, proteins in ways(text, tmp_path).items():
        assert [record.sequence for record in read_proteins(proteins)] == [expected], way


@pytest.mark.parametrize(
    ("text", "position"), [("MK-TV", 3), ("MK.TV", 3), ("M*K", 2), ("MKTV**", 5), ("MKT..", 4), ("M1", 2)]
)
def test_one_refusal_for_every_way_in(tmp_path, text, position):
    for way, proteins in ways(text, tmp_path).items():
        if isinstance(proteins, str) and is_source(text) and way in ("str", "several"):
            continue  # MK.TV looks like a file's name
        if way == "several" and is_source(text):
            continue
        with pytest.raises(AlphabetError, match=rf"residue {position} is"):
            list(read_proteins(proteins))


@pytest.mark.parametrize("text", ["", "  \n ", "*", "."])
def test_nothing_is_no_protein(tmp_path, text):
    for proteins in ways(text, tmp_path).values():
        with pytest.raises(PSSPError, match="no residues; expected at least one"):
            list(read_proteins(proteins))


def test_the_policy_for_unusual_letters_holds_for_every_way_in(tmp_path):
    for proteins in ways("MKUTV", tmp_path).values():
        with pytest.raises(AlphabetError, match="residue 3 is 'U'"):
            list(read_proteins(proteins, Rules(unusual="error")))


DNA = "ATGGCCARTAYTGGNNNATGGCC"
SUSPECT = {
    DNA: "looks like DNA or RNA",
    DNA.replace("T", "U").lower(): "looks like DNA or RNA",
    "MKVApSPEKRDKpTAAELV": r"has a mark before a residue \(pS\), whose p is read as proline",
    "thequickbrownfoxjumpsoverthelazydog": "looks like a text in words",
    "HHHHHHHHHHHHEEEEEEECCC": "looks like the states of a protein",
    "CCSHHHHHHTTCEEEEE": "looks like the states of a protein",
    "NNNNNNNNNNNN": "has nothing but N or X",
    "XXXXXXXXXXXX": "has nothing but N or X",
    "None": "is how a missing value is written",
    "nan": "is how a missing value is written",
}


@pytest.mark.parametrize("text", SUSPECT)
def test_what_looks_like_something_else_is_remarked_on(model, tmp_path, text):
    """All of these are spelt with letters of amino acids, and were predicted without a word."""
    for way, proteins in ways(text, tmp_path).items():
        with pytest.warns(SequenceWarning, match=SUSPECT[text]) as caught:
            predict(model, proteins)
        assert len(caught) == 1, way


def test_a_pair_is_one_protein(model):
    """Its id was predicted as a protein of its own: TINY."""
    for pair in (("tiny", "MKTAVI"), ("tiny", Seq("MKTAVI"))):
        one, (listed,) = predict(model, pair), predict(model, [pair])
        assert (one.id, one.sequence) == (listed.id, listed.sequence) == ("tiny", "MKTAVI")
    assert [one.sequence for one in predict(model, ["MKTAVI", "GAGA"])] == ["MKTAVI", "GAGA"]


def test_residues_of_three_letters_are_refused(model, tmp_path):
    for text in ("MetAlaGlySerLys", "METALAGLYSERLYS", "Met Ala Gly Ser\nLys"):
        for proteins in ways(text, tmp_path).values():
            with pytest.raises(RecordError, match="has three letters for each residue; expected one: MAGSK"):
                predict(model, proteins)


def test_a_sentence_below_the_last_record(tmp_path):
    """Its letters were residues of the last protein."""
    path = tmp_path / "pasted.fasta"
    path.write_text(">one\nMKTVRQERLK\nSIVRILERSK\n\nSequences kindly provided by the authors\n", encoding="utf-8")
    with pytest.warns(SequenceWarning, match=r"line 1: record 1 \(one\): line 5 looks like a sentence") as caught:
        list(read_proteins(path))
    assert len(caught) == 1
    with pytest.warns(SequenceWarning, match="has a line that looks like a sentence"):
        list(read_proteins("MKTVRQERLK\nEND OF THE SEQUENCE"))


@pytest.mark.parametrize(
    "text",
    [
        "MKTVRQERLKSIVRILERSKEPVSGAQ",
        "mktvrqerlk siVRILERSK epvsg",
        "GAGAGAGAGAGAGAGAGAGA",  # silk
        "GGGGSGGGGSGGGGS",  # a linker
        "AAAAAAAAAAAAAAA",
        "MSCGGUTCX",  # a selenoprotein
        "METAL",
        "ACDEFGHIKLMNPQRSTVWY",
    ],
)
def test_a_protein_is_not_remarked_on(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(read_proteins(text))


def test_none_of_the_embedded_chains_is_remarked_on(chains):
    """A remark that is often wrong is not read."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sum(1 for _ in read_proteins(list(chains))) == len(chains)


@pytest.fixture(scope="module")
def chains():
    from pssp_tutorial.proteins.chains import load_chains

    return load_chains("mini")


@pytest.mark.parametrize(
    ("proteins", "message"),
    [
        (pd.DataFrame({"id": ["a"], "seq": ["MKT"]}), "proteins is a DataFrame; expected .*; of a table, pairs: zip"),
        ({"one": "MKV"}, r"proteins is a dict; expected .*; of names and sequences, its items\(\)"),
        (b"MKTV", "proteins is a bytes; expected a sequence"),
        (np.array([["M", "K"]]), "protein 1 is a ndarray; expected a str, a record or a pair"),
        (["MKT", None], "protein 2 is a NoneType"),
        (["MKT", float("nan")], "protein 2 is a float"),
        ([("a", "MKT", "x")], "protein 1 is a tuple"),
        ([(7, "MKT")], "protein 1 is a tuple"),
        (SeqRecord(None, "empty"), "empty: has no sequence"),
        (SeqRecord(Seq(None, length=5), "long"), "long: sequence content is undefined; expected residues"),
        (Seq({1: "AC"}, length=5), "sequence: sequence content is only partially defined"),
        ([Seq(None, length=5)], "sequence_1: sequence content is undefined"),
        ("M/K" * 5000, r"M[/\\]K.*\.\.\.: .*; expected a FASTA file, or a sequence of letters only"),
        ("M\0/K", r"M\\x00/K: "),
        (">one\nMKTV", r"sequence: residue 1 is '>'; .*; for text in FASTA, io.StringIO\(text\)"),
        (ProteinRecord("n" * 400, "MK-"), "n{60}...: residue 3 is '-'"),
        ([("n" * 400, "MK-")], "n{60}...: residue 3 is '-'"),
        (SeqRecord(Seq("MK-"), "n" * 400), "n{60}...: residue 3 is '-'"),
    ],
)
def test_what_is_no_protein_is_named(model, proteins, message):
    """Once, the names of a table's columns were predicted, and `None` as asparagine and so on."""
    with pytest.raises(PSSPError, match=message) as caught:
        predict(model, proteins)
    assert len(str(caught.value)) < 500


def test_a_column_of_a_table_is_several_sequences(model):
    table = pd.DataFrame({"id": ["a", "b"], "seq": ["MKT", "GA"]})
    assert [one.id for one in predict(model, table["seq"])] == ["sequence_1", "sequence_2"]
    assert [one.id for one in predict(model, zip(table["id"], table["seq"], strict=True))] == ["a", "b"]
    assert [one.id for one in predict(model, table.itertuples(index=False))] == ["a", "b"]


def test_errors_of_one_protein_are_handed_over():
    errors: list[PSSPError] = []
    proteins = ["MKT", None, "M-T", ProteinRecord("void", ""), "GA"]
    records = list(read_proteins(proteins, Rules(on_error=errors.append)))
    assert [record.id for record in records] == ["sequence_1", "sequence_5"]
    assert [str(error)[:11] for error in errors] == ["protein 2 i", "sequence_3:", "void: no re"]


def test_the_caller_s_objects_stay_as_they_were(model):
    seqrecord = SeqRecord(Seq("MK TV*"), "one", letter_annotations={"secondary_structure": "CHHC?C"})
    record, proteins = ProteinRecord("two", "GA*"), [SeqRecord(Seq("MKTV"), "three")]
    before = deepcopy((seqrecord.letter_annotations, record, proteins[0].letter_annotations))
    predict(model, seqrecord)
    list(iter_predict(model, [seqrecord, record, *proteins]))
    assert (seqrecord.letter_annotations, record, proteins[0].letter_annotations) == before


def test_annotate_writes_into_biopython_s_records(model):
    """Beside a structure that was measured, never in its place; what is no residue has no state."""
    seqrecord = SeqRecord(Seq("MK TV*"), "one", letter_annotations={"secondary_structure": "CHHCCC"})
    others = [ProteinRecord("two", "GA"), SeqRecord(Seq("VRQ"), "three"), "MK"]
    first, _, third, _ = predict(model, [seqrecord, *others], annotate=True)
    states = first.states
    assert seqrecord.letter_annotations["predicted_structure"] == f"{states[:2]}?{states[2:]}?"
    assert seqrecord.letter_annotations["secondary_structure"] == "CHHCCC"
    confidence = seqrecord.letter_annotations["predicted_confidence"]
    assert np.array_equal(np.delete(confidence, [2, 5]), first.confidence.astype(float))
    assert np.isnan([confidence[2], confidence[5]]).all()
    assert others[1].letter_annotations["predicted_structure"] == third.states
    errors: list[PSSPError] = []
    bad = SeqRecord(Seq("M-K"), "bad")
    list(iter_predict(model, [bad, seqrecord], annotate=True, on_error=errors.append))
    assert (len(errors), bad.letter_annotations) == (1, {})
