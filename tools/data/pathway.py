"""Chapter 20: glycolysis in the parasite *Trypanosoma brucei*, from a published model in SBML.

pip download --no-deps sbmltoodepy==1.0.3.post1 && unzip sbmltoodepy-1.0.3.post1-*.whl -d sbmltoodepy
python tools/data/pathway.py sbmltoodepy data/applications
"""

import json
import sys
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree

from pssp_tutorial.core.resources import write_checked

SOURCE = "sbmltoodepy/sbml_files/Kerkhoven2013_Glycolysis_in_T_brucei.xml"
Tree: TypeAlias = Any
"""A number, a name, or a list: an operation and the trees of its terms."""


def main(package: Path, target: Path) -> None:
    content = (package / SOURCE).read_bytes()
    assert b"creativecommons.org/publicdomain/zero" in content, "the model no longer says that it is CC0"
    model = ElementTree.fromstring(content).find("{*}model")
    text = one_entry_a_line(extract(model))
    checksum = write_checked(target / "glycolysis.json", text.encode())
    print(f"glycolysis.json: {len(text):,} bytes, SHA-256 {checksum}")


def one_entry_a_line(content: dict[str, Any]) -> str:
    parts = []
    for name, part in content.items():
        entries = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in part.items())
        parts.append(f" {json.dumps(name)}: {{\n{entries}\n }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def extract(model: ElementTree.Element) -> dict[str, Any]:
    volumes = {one.get("id"): float(one.get("size")) for one in model.iterfind(".//{*}compartment")}
    species = list(model.iterfind("{*}listOfSpecies/{*}species"))
    values = {one.get("id"): float(one.get("initialConcentration")) for one in species}
    constant = {one.get("id") for one in species if one.get("constant") == "true"}
    functions = {
        one.get("id"): function(one.find(".//{*}lambda")) for one in model.iterfind(".//{*}functionDefinition")
    }
    reactions = list(model.iterfind("{*}listOfReactions/{*}reaction"))
    local = {
        one.get("id"): float(one.get("value")) for reaction in reactions for one in reaction.iterfind(".//{*}parameter")
    }
    return {
        "model": {"name": model.get("name"), "id": model.get("id")},
        "units": {
            "time": "minute",
            "amount": "nanomole",
            "volume": "microlitre",
            "concentration": "millimole per litre",
        },
        "species": {
            one.get("id"): {"volume": volumes[one.get("compartment")], "initial": values[one.get("id")]}
            for one in species
            if one.get("id") not in constant
        },
        "parameters": {name: values[name] for name in values if name in constant} | local,
        "reactions": {
            one.get("id"): {
                "takes": amounts(one, "listOfReactants", constant),
                "makes": amounts(one, "listOfProducts", constant),
                "rate": inlined(tree(one.find("{*}kineticLaw/{*}math")), functions, {}),
            }
            for one in reactions
        },
    }


def amounts(reaction: ElementTree.Element, group: str, constant: set[str | None]) -> dict[str, float]:
    """How much of each species that can change; what is held constant is left out."""
    references = reaction.iterfind(f"{{*}}{group}/{{*}}speciesReference")
    found = {one.get("species"): float(one.get("stoichiometry", "1")) for one in references}
    return {name: amount for name, amount in found.items() if name not in constant}


def function(definition: ElementTree.Element) -> tuple[list[str], Tree]:
    *arguments, body = definition
    return [one[0].text.strip() for one in arguments], tree(body)


def tree(formula: ElementTree.Element) -> Tree:
    """A formula in MathML as numbers, names and lists."""
    kind = formula.tag.split("}")[1]
    if kind == "math":
        return tree(formula[0])
    if kind == "cn":
        return float(formula.text)
    if kind == "ci":
        return formula.text.strip()
    assert kind == "apply", kind
    operation = formula[0].tag.split("}")[1]
    return [formula[0].text.strip() if operation == "ci" else operation, *map(tree, formula[1:])]


def inlined(formula: Tree, functions: dict[str, tuple[list[str], Tree]], values: dict[str, Tree]) -> Tree:
    """The formula with each call of a function replaced by the function's body."""
    if not isinstance(formula, list):
        return values.get(formula, formula)
    operation, *terms = formula[0], *(inlined(term, functions, values) for term in formula[1:])
    if operation not in functions:
        return [operation, *terms]
    arguments, body = functions[operation]
    return inlined(body, functions, dict(zip(arguments, terms, strict=True)))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
