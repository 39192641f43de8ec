// The page: sends orders, asks every half second how the jobs are, and shows it. All text goes in as text.
"use strict";

const PAUSE = 500;
const ENDED = new Set(["done", "failed", "cancelled"]);
const form = document.getElementById("order");
const list = document.getElementById("jobs");
const empty = document.getElementById("empty");
const problems = document.getElementById("problems");

// Jobs outlive the page: their ids are all that is kept.
const jobs = JSON.parse(localStorage.getItem("jobs") || "[]");

function keep() {
  localStorage.setItem("jobs", JSON.stringify(jobs));
  empty.hidden = jobs.length > 0;
}

function inWords(status, cancelling) {
  if (cancelling && !ENDED.has(status.state)) return "Cancelling …";
  switch (status.state) {
    case "waiting": return "Waiting for a worker";
    case "queued": return status.position ? `Place ${status.position} in the hub's queue` : "Sent to the hub";
    case "running": return `${Math.round(status.progress)} %` + (status.note ? ` · ${status.note}` : "");
    case "done": return "Done";
    case "cancelled": return "Cancelled";
    default: return status.note || "Failed";
  }
}

function show(job) {
  const card = document.getElementById("job").content.firstElementChild.cloneNode(true);
  const part = (name) => card.querySelector(name);
  const bar = part("progress");
  let cancelling = false;
  let seen = "";

  function tell(status) {
    // A result file that is being written looks like none for a moment.
    if (status.state === "waiting" && seen && seen !== "waiting") return;
    seen = status.state;
    card.dataset.state = status.state;
    part(".status").textContent = inWords(status, cancelling);
    const ended = ENDED.has(status.state);
    part(".cancel").hidden = ended;
    part(".remove").hidden = !ended;
    bar.hidden = ended;
    if (status.state === "running") bar.value = status.progress;
    else bar.removeAttribute("value");
    if (status.state === "done") part(".picture").replaceChildren(...status.pictures.map(picture));
  }

  function picture(url) {
    const link = Object.assign(document.createElement("a"), { href: url });
    link.append(Object.assign(new Image(), { src: url, alt: job.prompt }));
    return link;
  }

  async function follow() {
    while (card.isConnected) {
      try {
        const answer = await fetch(`/jobs/${encodeURIComponent(job.id)}`);
        if (answer.ok) tell(await answer.json());
        if (ENDED.has(seen)) return;
      } catch {
        part(".status").textContent = "The server does not answer; trying again …";
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  part(".prompt").textContent = job.prompt;
  part(".cancel").addEventListener("click", async (event) => {
    event.target.disabled = cancelling = true;
    part(".status").textContent = "Cancelling …";
    await fetch(`/jobs/${encodeURIComponent(job.id)}`, { method: "DELETE" });
  });
  part(".remove").addEventListener("click", () => {
    card.remove();
    jobs.splice(jobs.indexOf(job), 1);
    keep();
  });
  tell({ state: "waiting" });
  list.prepend(card);
  follow();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problems.textContent = "";
  const given = new FormData(form);
  const [width, height] = given.get("size").split("x").map(Number);
  form.prompt.value = ""; // the next order can be written while this one is sent
  const answer = await fetch("/jobs", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ prompt: given.get("prompt"), width, height }),
  }).catch(() => null);
  if (!answer || !answer.ok) {
    const told = answer && (await answer.json().catch(() => null));
    form.prompt.value ||= given.get("prompt");
    problems.textContent = told?.problems?.join("; ") || "The order could not be sent.";
    return;
  }
  const job = { id: (await answer.json()).id, prompt: given.get("prompt") };
  jobs.push(job);
  keep();
  show(job);
});

keep();
jobs.forEach(show);
