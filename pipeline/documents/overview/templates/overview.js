"use strict";
// Adds to each table a filter, headings that sort, and a CSV of what is shown. Without it the page is whole all the same.
(function () {
  var say = document.getElementById("revue").dataset;
  var french = document.documentElement.lang === "fr";
  var collator = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });

  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  var numbers = ["nombre", "heures", "part"];

  function value(cell, kind) {
    var raw = cell.hasAttribute("data-v") ? cell.dataset.v : cell.textContent.trim();
    return numbers.indexOf(kind) < 0 ? raw : raw === "" ? -Infinity : Number(raw);
  }

  function saved(cell, kind) {
    if (!cell.hasAttribute("data-v")) {
      var text = cell.dataset.t === undefined ? cell.textContent.trim() : cell.dataset.t;
      return /^[=+\-@\t\r\n]/.test(text.normalize("NFKC")) ? "'" + text : text;
    }
    return french && kind !== "date" ? cell.dataset.v.replace(".", ",") : cell.dataset.v;
  }

  function quoted(text) {
    return (french ? /[;"\r\n]/ : /[,"\r\n]/).test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function csv(heads, rows) {
    var kept = heads.map(function (head, n) { return head.dataset.k === "image" ? -1 : n; })
      .filter(function (n) { return n >= 0; });
    var lines = [kept.map(function (n) { return heads[n].querySelector("span").textContent.trim(); })];
    rows.forEach(function (row) {
      lines.push(kept.map(function (n) { return saved(row.cells[n], heads[n].dataset.k); }));
    });
    return "\ufeff" + lines.map(function (line) { return line.map(quoted).join(french ? ";" : ","); }).join("\r\n") + "\r\n";
  }

  function sortable(table, heads, after) {
    var body = table.tBodies[0];
    heads.forEach(function (head, column) {
      var kind = head.dataset.k;
      if (kind === "image" || head.hidden) return;
      // Not a <button>: Chromium would not print its heading again on each page.
      var button = document.createElement("span");
      button.setAttribute("role", "button");
      button.tabIndex = 0;
      button.addEventListener("keydown", function (event) {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        button.click();
      });
      button.title = say.trier + " " + head.textContent.trim();
      var span = head.querySelector("span");
      while (span.firstChild) button.appendChild(span.firstChild);
      span.appendChild(button);
      button.addEventListener("click", function () {
        var number = head.classList.contains("n");
        var down = head.hasAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : number;
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var rows = Array.from(body.rows).map(function (row) { return [value(row.cells[column], kind), row]; });
        rows.sort(function (a, b) {
          var order = typeof a[0] === "number" ? a[0] - b[0] || 0 : collator.compare(a[0], b[0]);
          return down ? -order : order;
        });
        var all = document.createDocumentFragment();
        rows.forEach(function (pair) { all.appendChild(pair[1]); });
        body.appendChild(all);
        after();
      });
    });
  }

  function filter(tools, rows, after) {
    var label = document.createElement("label");
    var input = document.createElement("input");
    var count = document.createElement("span");
    label.textContent = say.filtrer;
    input.type = "search";
    count.setAttribute("role", "status");
    label.appendChild(input);
    tools.insertBefore(count, tools.firstChild);
    tools.insertBefore(label, count);
    var texts = rows.map(function (row) { return plain(row.textContent); });
    function apply() {
      var words = plain(input.value).split(/\s+/).filter(Boolean);
      var shown = 0;
      rows.forEach(function (row, n) {
        row.hidden = !words.every(function (word) { return texts[n].includes(word); });
        if (!row.hidden) shown += 1;
      });
      count.textContent = shown + " " + say.sur + " " + rows.length + " " + say.affichees;
      after();
    }
    input.addEventListener("input", apply);
    apply();
  }

  document.querySelectorAll(".tableau").forEach(function (part) {
    var table = part.querySelector("table");
    var heads = Array.from(table.tHead.rows[0].cells);
    var link = part.querySelector("a[download]");
    var given = link.href;
    var changed = false;
    function after() { changed = true; }
    link.addEventListener("click", function () {
      var rows = Array.from(table.tBodies[0].rows).filter(function (row) { return !row.hidden; });
      link.href = changed ? "data:text/csv;charset=utf-8," + encodeURIComponent(csv(heads, rows)) : given;
    });
    sortable(table, heads, after);
    if (table.tBodies[0].rows.length > 5) {
      filter(part.querySelector(".outils"), Array.from(table.tBodies[0].rows), after);
      changed = false;
    }
  });
})();
