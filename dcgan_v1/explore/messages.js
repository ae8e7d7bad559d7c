// What the page says: how far it is, in the status line; what went wrong, beside its cause.
// A complaint stays there, and in the status line, until it is answered.

const byId = (id) => document.getElementById(id);
const complaints = new Map(); // place -> text, the last one last
let progress = byId("status").textContent;

function showStatus() {
  const [place, text] = [...complaints].at(-1) ?? [];
  byId("status").textContent = text ?? progress;
  byId("status").classList.toggle("failed", text !== undefined);
  const ofPicture = byId("picture-message").querySelector("span");
  if (ofPicture) ofPicture.hidden = place === "picture"; // the status line is beside it
}

/** Says how far the page is. */
function say(text) {
  progress = text;
  showStatus();
}

function putBeside(place, text, failed) {
  const message = byId(`${place}-message`);
  message.replaceChildren(...(text ? [Object.assign(document.createElement("span"),
    { textContent: text })] : []));
  message.classList.toggle("failed", failed);
  return message;
}

/** Says what a control has done, beside it.
 * @param place 'draws', 'seed', 'chosen', 'picture' or 'files': the message is #place-message. */
function note(place, text) {
  complaints.delete(place);
  putBeside(place, text, false);
  say(text);
}

/** Says what went wrong, beside its cause. @param again does it again, if that can help. */
function complain(place, text, again = null) {
  complaints.delete(place); // it is the last one now
  complaints.set(place, text);
  const message = putBeside(place, text, true);
  if (again) {
    const button = Object.assign(document.createElement("button"), { textContent: "Try again" });
    button.addEventListener("click", again);
    message.append(" ", button);
  }
  showStatus();
}

/** Takes a complaint back. */
function answered(place) {
  if (complaints.has(place)) clear(place);
}

/** Says nothing more beside a control. */
function clear(place) {
  complaints.delete(place);
  putBeside(place, "", false);
  showStatus();
}

/** The question marks beside terms. */
function startHints() {
  for (const button of document.querySelectorAll(".hint"))
    button.addEventListener("click", () => showHint(button, button.ariaExpanded !== "true"));
}

function showHint(button, shown) {
  button.ariaExpanded = String(shown);
  byId(button.getAttribute("aria-controls")).hidden = !shown;
}

/** @returns whether there was an open hint to close. */
function closeHints() {
  const open = [...document.querySelectorAll(".hint[aria-expanded='true']")];
  for (const button of open) showHint(button, false);
  return open.length > 0;
}
