// A backbone in three dimensions, drawn by 3Dmol: one turns it by pointer or keys, and points at its residues.
"use strict";
globalThis.PSSP ??= {};
{
  const { RESIDUE_NAMES, STATE_NAMES } = PSSP;
  const NAMES = { ...STATE_NAMES, "?": "unknown" };
  const ATOMS = ["N", "CA", "C", "O"];
  const COLOURS = { H: "#9b1b5a", E: "#f4b02a", C: "#6488a6", "?": "#9aa3ab" }; // plots.PALETTE, and FAINT
  const KINDS = { H: "h", E: "s", C: "c", "?": "c" }; // 3Dmol's letters
  const STEPS_PER_ANGSTROM = 10, MISSING = -(2 ** 15); // of the packed coordinates
  const POINTED = "#1a9fb3";
  const FARTHEST = 4.6; // Å between the alpha carbons of neighbours
  const TURN = 10; // degrees per key
  const ZOOM = 1.15; // times per key
  const NEAR = 14; // pixels between the pointer and the residue it means
  const NO_SPACE = "This browser has WebGL turned off, so the picture stands still.";
  const HELP = "Drag or use the arrow keys to turn, + and − to zoom, 0 to start again.";

  // Whether this browser draws in three dimensions.
  function drawsInSpace() {
    const canvas = document.createElement("canvas");
    return Boolean(globalThis.$3Dmol && (canvas.getContext("webgl2") || canvas.getContext("webgl")));
  }

  // The packed coordinates as [[x, y, z] or null for each atom] for each residue.
  function unpack(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)), view = new DataView(bytes.buffer);
    const step = (k) => view.getInt16(2 * k, true);
    return Array.from({ length: bytes.length / 24 }, (_, residue) => ATOMS.map((_, atom) => {
      const place = [0, 1, 2].map((axis) => step(12 * residue + 3 * atom + axis));
      return place.includes(MISSING) ? null : place.map((value) => value / STEPS_PER_ANGSTROM);
    }));
  }

  const pointOf = ([x, y, z]) => ({ x, y, z });

  // The atoms as 3Dmol wants them, with our states for its ribbons and arrows.
  function atomsOf(backbone, states) {
    const atoms = [];
    backbone.forEach((places, residue) => places.forEach((place, k) => {
      if (!place) return;
      const [x, y, z] = place, ss = KINDS[states[residue]];
      const [ssbegin, ssend] = [-1, 1].map((step) => KINDS[states[residue + step]] !== ss);
      const names = { atom: ATOMS[k], elem: ATOMS[k][0], resi: residue + 1, resn: "UNK", chain: "A", hetflag: false };
      const number = { serial: atoms.length, index: atoms.length, bonds: [], bondOrder: [], properties: {} };
      atoms.push({ x, y, z, ss, ssbegin, ssend, ...names, ...number });
    }));
    return atoms;
  }

  // A place turned by a unit quaternion: where it lies as the reader sees it.
  function turned([x, y, z], [qx, qy, qz, qw]) {
    const cross = ([a, b, c], [d, e, f]) => [b * f - c * e, c * d - a * f, a * e - b * d];
    const first = cross([qx, qy, qz], [x, y, z]).map((value, k) => value + qw * [x, y, z][k]);
    return cross([qx, qy, qz], first).map((value, k) => [x, y, z][k] + 2 * value);
  }

  // Where the drawing of each residue lies, null without coordinates: 3Dmol leads a strand half-way between neighbours.
  function drawnAt(backbone, states) {
    const carbons = backbone.map(([, carbon]) => carbon);
    const joined = (one, other) => one && other && Math.hypot(...one.map((value, k) => value - other[k])) < FARTHEST;
    return carbons.map((here, k) => {
      const [before, next] = [carbons[k - 1], carbons[k + 1]];
      const moved = states[k] === "E" && joined(before, here) && joined(here, next);
      return moved ? here.map((value, axis) => (value + next[axis]) / 2) : here;
    });
  }

  // As large as the element allows, as the still picture is.
  function fill(viewer, canvas, places) {
    viewer.zoomTo();
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const reach = viewer.modelToScreen(places.filter(Boolean).map(pointOf)).map(({ x, y }) => Math.max(
      Math.abs((x - scrollX - left) / width - 0.5), Math.abs((y - scrollY - top) / height - 0.5)));
    viewer.zoom(Math.min(Math.max(0.44 / Math.max(...reach), 1), 1.8));
  }

  // The residue nearest to the reader of those near the pointer, or null.
  function residueAt(event, viewer, places) {
    const present = places.flatMap((place, residue) => (place ? [residue] : []));
    const onScreen = viewer.modelToScreen(present.map((residue) => pointOf(places[residue])));
    const quaternion = viewer.getView().slice(4);
    let best = null, nearest = -Infinity;
    onScreen.forEach(({ x, y }, k) => {
      const depth = turned(places[present[k]], quaternion)[2];
      if (Math.hypot(x - event.pageX, y - event.pageY) > NEAR || depth < nearest) return;
      [best, nearest] = [present[k], depth];
    });
    return best;
  }

  function listenToKeys(canvas, viewer, startAgain) {
    const keys = {
      ArrowLeft: () => viewer.rotate(-TURN, "vy"), ArrowRight: () => viewer.rotate(TURN, "vy"),
      ArrowUp: () => viewer.rotate(-TURN, "vx"), ArrowDown: () => viewer.rotate(TURN, "vx"),
      "+": () => viewer.zoom(ZOOM), "=": () => viewer.zoom(ZOOM), "-": () => viewer.zoom(1 / ZOOM),
      0: startAgain, Home: startAgain,
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation(); // a notebook moves its own cursor with these keys
      keys[event.key]();
      viewer.render();
    });
  }

  function listenToPointer(canvas, point) {
    canvas.addEventListener("pointerdown", (event) => {
      canvas.focus({ preventScroll: true });
      point(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons || point(event));
    canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(null));
    // The wheel scrolls the page until the reader has taken hold of the view.
    canvas.addEventListener("wheel", (event) => document.activeElement === canvas || event.stopPropagation(), true);
  }

  // Tell when the page, the notebook or the reader's system changes between light and dark.
  function listenToLooks(repaint) {
    const looks = new MutationObserver(repaint);
    looks.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    looks.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  // The colour of the text around, as a number.
  function inkOf(element) {
    const [red, green, blue] = getComputedStyle(element).color.match(/[\d.]+/g).map(Number);
    return 0x10000 * Math.round(red) + 0x100 * Math.round(green) + Math.round(blue);
  }

  // A view in `element`, over its still picture; null where only that can be shown. show({id, sequence, states, truth,
  // backbone}) fills it, mark(residue) puts a bead there; `onResidue` hears which residue is pointed at, or null.
  function structureStage(element, onResidue) {
    if (!drawsInSpace()) return null;
    const canvas = document.createElement("div");
    Object.assign(canvas, { className: "space", tabIndex: 0 });
    canvas.setAttribute("role", "application");
    element.append(canvas);
    element.classList.add("turns");
    const viewer = $3Dmol.createViewer(canvas, { backgroundAlpha: 0, antialias: true });
    let shown, places, marked, marker, start;

    const bead = (residue, radius, color) =>
      viewer.addSphere({ center: pointOf(places[residue]), radius, color });

    function show(structure) {
      if (shown?.backbone !== structure.backbone) [start, marked] = [null, null];
      shown = structure;
      canvas.setAttribute("aria-label", `${structure.id} in three dimensions. ${HELP}`);
      const backbone = unpack(structure.backbone);
      places = drawnAt(backbone, structure.states);
      viewer.removeAllModels();
      viewer.removeAllShapes();
      viewer.addModel().addAtoms(atomsOf(backbone, structure.states));
      viewer.setStyle({}, { cartoon: { arrows: true, colorfunc: (atom) => COLOURS[structure.states[atom.resi - 1]] } });
      wrongResidues(structure).forEach((residue) => places[residue] && bead(residue, 1, inkOf(element)));
      settle();
      mark(marked);
    }

    // The first view, once there is room for it.
    function settle() {
      if (!shown || start || !canvas.clientWidth) return;
      fill(viewer, canvas, places);
      start = viewer.getView();
    }

    function mark(residue) {
      if (marker) viewer.removeShape(marker);
      marked = residue;
      marker = residue !== null && places[residue] ? bead(residue, 1.5, POINTED) : null;
      viewer.render();
    }

    listenToKeys(canvas, viewer, () => viewer.setView(start));
    listenToPointer(canvas, (event) => onResidue(event && residueAt(event, viewer, places)));
    listenToLooks(() => shown && show(shown));
    new ResizeObserver(() => { viewer.resize(); settle(); viewer.render(); }).observe(canvas);
    return { show, mark };
  }

  // The residues whose state differs from the known true one.
  function wrongResidues({ states, truth = "" }) {
    return Array.from(truth).flatMap((real, k) => (real !== "?" && real !== states[k] ? [k] : []));
  }

  // "Leucine 12: helix, wrong: in truth strand"
  function residueInWords({ sequence, states, truth = "" }, residue) {
    const name = RESIDUE_NAMES[sequence[residue].toUpperCase()] ?? "residue", real = truth[residue] ?? "?";
    const words = `${name[0].toUpperCase()}${name.slice(1)} ${residue + 1}: ${NAMES[states[residue]]}`;
    return real === "?" || real === states[residue] ? words : `${words}, wrong: in truth ${NAMES[real]}`;
  }

  const structureHelp = (stage) => (stage ? HELP : NO_SPACE);

  Object.assign(PSSP, { structureStage, structureHelp, wrongResidues, residueInWords });
}
