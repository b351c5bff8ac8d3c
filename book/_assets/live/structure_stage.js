// A backbone in three dimensions, drawn by 3Dmol: one turns it by pointer or keys, and points at its residues.
"use strict";
globalThis.PSSP ??= {};
{
  const ATOMS = ["N", "CA", "C", "O"];
  const COLOURS = { H: "#9b1b5a", E: "#f4b02a", C: "#6488a6", "?": "#9aa3ab" }; // plots.PALETTE, and FAINT
  const KINDS = { H: "h", E: "s", C: "c", "?": "c" }; // 3Dmol's letters
  const STEPS_PER_ANGSTROM = 10, MISSING = -(2 ** 15); // of the packed coordinates
  const POINTED = "#1a9fb3";
  const TURN = 10; // degrees a key
  const ZOOM = 1.15; // times a key
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

  // The place `t` turned by the unit quaternion `q`: where it lies as the reader sees it.
  function turned([x, y, z], [qx, qy, qz, qw]) {
    const cross = ([a, b, c], [d, e, f]) => [b * f - c * e, c * d - a * f, a * e - b * d];
    const first = cross([qx, qy, qz], [x, y, z]).map((value, k) => value + qw * [x, y, z][k]);
    return cross([qx, qy, qz], first).map((value, k) => [x, y, z][k] + 2 * value);
  }

  // A view in `element`, which holds the still picture; null where only that can be shown.
  // `onResidue` hears which residue is pointed at, or null.
  function structureStage(element, name, onResidue) {
    if (!drawsInSpace()) return null;
    const canvas = document.createElement("div");
    Object.assign(canvas, { className: "space", tabIndex: 0 });
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", `${name} in three dimensions. ${HELP}`);
    element.append(canvas);
    element.classList.add("turns");
    const viewer = $3Dmol.createViewer(canvas, { backgroundAlpha: 0, antialias: true, disableFog: false });
    let shown, backbone, marker, start;

    const ink = () => {
      const [red, green, blue] = getComputedStyle(element).color.match(/[\d.]+/g).map(Number);
      return 0x10000 * Math.round(red) + 0x100 * Math.round(green) + Math.round(blue);
    };
    const sphere = (residue, radius, look) => {
      const [x, y, z] = backbone[residue][1];
      return viewer.addSphere({ center: { x, y, z }, radius, ...look });
    };

    function show(structure) {
      const first = shown?.backbone !== structure.backbone;
      shown = structure;
      backbone = unpack(structure.backbone);
      viewer.removeAllModels();
      viewer.removeAllShapes();
      marker = undefined;
      viewer.addModel().addAtoms(atomsOf(backbone, structure.states));
      viewer.setStyle({}, { cartoon: { arrows: true, colorfunc: (atom) => COLOURS[structure.states[atom.resi - 1]] } });
      wrongResidues(structure).forEach((residue) => backbone[residue][1] && sphere(residue, 1, { color: ink() }));
      if (first) {
        fill();
        start = viewer.getView();
      }
      viewer.render();
    }

    // As large as the element allows, as the still picture is.
    function fill() {
      viewer.zoomTo();
      const { left, top, width, height } = canvas.getBoundingClientRect();
      const places = backbone.flatMap((atoms) => (atoms[1] ? [{ x: atoms[1][0], y: atoms[1][1], z: atoms[1][2] }] : []));
      const reach = viewer.modelToScreen(places).map(({ x, y }) => Math.max(
        Math.abs((x - scrollX - left) / width - 0.5), Math.abs((y - scrollY - top) / height - 0.5)));
      viewer.zoom(Math.min(Math.max(0.44 / Math.max(...reach), 1), 1.8));
    }

    function mark(residue) {
      if (marker) viewer.removeShape(marker);
      const there = residue !== null && backbone[residue][1];
      marker = there ? sphere(residue, 1.5, { color: POINTED }) : undefined;
      viewer.render();
    }

    // The residue nearest to the reader of those near the pointer.
    function residueAt(event) {
      const present = backbone.flatMap((places, residue) => (places[1] ? [residue] : []));
      const places = present.map((residue) => backbone[residue][1]);
      const onScreen = viewer.modelToScreen(places.map(([x, y, z]) => ({ x, y, z })));
      const quaternion = viewer.getView().slice(4);
      let best = null, nearest = -Infinity;
      onScreen.forEach(({ x, y }, k) => {
        const depth = turned(places[k], quaternion)[2];
        if (Math.hypot(x - event.pageX, y - event.pageY) > NEAR || depth < nearest) return;
        [best, nearest] = [present[k], depth];
      });
      return best;
    }

    const keys = {
      ArrowLeft: () => viewer.rotate(-TURN, "vy"), ArrowRight: () => viewer.rotate(TURN, "vy"),
      ArrowUp: () => viewer.rotate(-TURN, "vx"), ArrowDown: () => viewer.rotate(TURN, "vx"),
      "+": () => viewer.zoom(ZOOM), "=": () => viewer.zoom(ZOOM), "-": () => viewer.zoom(1 / ZOOM),
      0: () => viewer.setView(start), Home: () => viewer.setView(start),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation(); // a notebook moves its own cursor with these keys
      keys[event.key]();
      viewer.render();
    });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.focus({ preventScroll: true });
      onResidue(residueAt(event));
    });
    canvas.addEventListener("pointermove", (event) => event.buttons || onResidue(residueAt(event)));
    canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onResidue(null));
    // The wheel scrolls the page until the reader has taken hold of the view.
    canvas.addEventListener("wheel", (event) => document.activeElement === canvas || event.stopPropagation(), true);
    new ResizeObserver(() => { viewer.resize(); viewer.render(); }).observe(canvas);
    const repaint = () => shown && show(shown);
    const looks = new MutationObserver(repaint);
    looks.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    looks.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    return { show, mark, viewer, help: HELP };
  }

  // The residues whose state differs from the known true one.
  function wrongResidues({ states, truth = "" }) {
    return Array.from(truth).flatMap((real, k) => (real !== "?" && real !== states[k] ? [k] : []));
  }

  Object.assign(PSSP, { structureStage, wrongResidues, NO_SPACE });
}
