// What makes pages better where scripts run. Without this every page and form works all the same.
import "./in_place.js";
import "./live.js";

document.getElementById("problems")?.focus();
