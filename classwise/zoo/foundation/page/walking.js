// A row of images to walk with arrows.

/** Makes a list of buttons one stop of the Tab key; arrows, Home and End walk within. */
export function walkWithArrows(list) {
  list.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    const top = buttons[0]?.offsetTop;
    const columns = Math.max(1, buttons.filter((button) => button.offsetTop === top).length);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const goals = { Home: 0, End: buttons.length - 1 };
    const goal = goals[event.key] ?? here + steps[event.key];
    if (here < 0 || !buttons[goal] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    buttons[goal].focus();
  });
  list.addEventListener("focusin", (event) => oneStop(list, event.target));
}

/** Leaves one button of a list in the Tab order: the given one, or the first. */
export function oneStop(list, chosen = list.querySelector("button")) {
  for (const button of list.querySelectorAll("button")) button.tabIndex = button === chosen ? 0 : -1;
}
