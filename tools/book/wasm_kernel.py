"""The kernel of the page "Try it": products of a matrix with vectors, in WebAssembly with SIMD.

    mv(W, x, x_step, y, y_step, rows, columns)    one vector, four rows at a time
    mm(…)                                         four vectors, two rows at a time

All are places in the memory that the page gives, in bytes; ``x_step`` and ``y_step`` lead from one vector to the next.
Numbers are float32. Rows and columns must be multiples of four.
"""

NAMES = ("W", "x", "x_step", "y", "y_step", "rows", "columns")
LANES = range(4)


def text() -> str:
    """The module as WebAssembly text.

    >>> text().count("(export")
    2
    """
    return f'(module (import "page" "memory" (memory 1))\n{product("mv", 4, 1)}\n{product("mm", 2, 4)})'


def assembled() -> bytes:
    """The module as the page loads it."""
    from wasmtime import wat2wasm

    return bytes(wat2wasm(text()))


def product(name: str, rows: int, vectors: int) -> str:
    """A function that adds up ``rows`` x ``vectors`` sums side by side, four products of each in one instruction."""
    pairs = [(r, v) for r in range(rows) for v in range(vectors)]
    own = ["(local $row i32)", "(local $width i32)", "(local $end i32)"]
    own += [f"(local $w{r} i32) (local $part{r} v128)" for r in range(rows)]
    own += [f"(local $x{v} i32) (local $value{v} v128)" for v in range(vectors)]
    own += [f"(local $sum{r}_{v} v128)" for r, v in pairs]
    lines = [
        f'(func (export "{name}") {" ".join(f"(param ${each} i32)" for each in NAMES)}',
        *own,
        put("width", "(i32.mul (local.get $columns) (i32.const 4))"),
        "(block $done (loop $next_rows",
        "(br_if $done (i32.ge_u (local.get $row) (local.get $rows)))",
        *[put(f"w{r}", at("W", f"(i32.add (local.get $row) (i32.const {r}))", "width")) for r in range(rows)],
        *[put(f"x{v}", at("x", f"(i32.const {v})", "x_step")) for v in range(vectors)],
        *[put(f"sum{r}_{v}", "(v128.const f32x4 0 0 0 0)") for r, v in pairs],
        put("end", "(i32.add (local.get $w0) (local.get $width))"),
        "(loop $next_columns",
        *[put(f"part{r}", f"(v128.load (local.get $w{r}))") for r in range(rows)],
        *[put(f"value{v}", f"(v128.load (local.get $x{v}))") for v in range(vectors)],
        *[put(f"sum{r}_{v}", added(r, v)) for r, v in pairs],
        *[step(f"w{r}", 16) for r in range(rows)],
        *[step(f"x{v}", 16) for v in range(vectors)],
        "(br_if $next_columns (i32.lt_u (local.get $w0) (local.get $end))))",
        *[stored(r, v) for r, v in pairs],
        step("row", rows),
        "(br $next_rows))))",
    ]
    return "\n".join(lines)


def put(name: str, value: str) -> str:
    return f"(local.set ${name} {value})"


def step(name: str, size: int) -> str:
    return put(name, f"(i32.add (local.get ${name}) (i32.const {size}))")


def at(start: str, number: str, size: str) -> str:
    """The place of the element ``number``."""
    return f"(i32.add (local.get ${start}) (i32.mul {number} (local.get ${size})))"


def added(row: int, vector: int) -> str:
    product = f"(f32x4.mul (local.get $part{row}) (local.get $value{vector}))"
    return f"(f32x4.add (local.get $sum{row}_{vector}) {product})"


def stored(row: int, vector: int) -> str:
    """The four sums of a row and a vector, added up and written."""
    a, b, c, d = (f"(f32x4.extract_lane {lane} (local.get $sum{row}_{vector}))" for lane in LANES)
    whole = f"(f32.add (f32.add {a} {b}) (f32.add {c} {d}))"
    start = f"(i32.add (local.get $y) (i32.mul (i32.const {vector}) (local.get $y_step)))"
    place = f"(i32.add {start} (i32.mul (i32.const 4) (i32.add (local.get $row) (i32.const {row}))))"
    return f"(f32.store {place} {whole})"
