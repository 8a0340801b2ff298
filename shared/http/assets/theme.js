// Light or dark: as the system says, until somebody chooses. Runs before the first paint, so nothing flashes.
"use strict";

(() => {
  const KEY = "docs.theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  const isDark = () => {
    const chosen = localStorage.getItem(KEY);
    return chosen ? chosen === "dark" : system.matches;
  };

  const apply = () => {
    const dark = isDark();
    document.documentElement.classList.toggle("dark-mode", dark);
    const button = document.getElementById("theme");
    if (button) {
      const other = dark ? "light" : "dark";
      button.textContent = dark ? "☀" : "☾";
      button.title = `Switch to the ${other} scheme`;
      button.setAttribute("aria-label", button.title);
    }
  };

  const toggle = () => {
    localStorage.setItem(KEY, isDark() ? "light" : "dark");
    apply();
  };

  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", toggle);
    apply();
  });
})();
