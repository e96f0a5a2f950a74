// Lets long code in the cells of a table break between its parts, and not within words such as `--ca-file`.

const LONGEST_PART = window.innerWidth > 620 ? 32 : 18;

for (const code of document.querySelectorAll("main td code")) {
    if (code.childElementCount > 0) continue;
    const parts = code.textContent.split(
        /(?<=::|[(,]|[^/]\/| )(?=[^)/ ])|(?<=[^ ])(?=\.[a-z])|(?<=\w)(?=[?&]\w)/,
    );
    const nodes = parts.map((part) => {
        if (part.length > LONGEST_PART) return part;
        const span = document.createElement("span");
        span.style.whiteSpace = "nowrap";
        span.textContent = part.trimEnd();
        return span;
    });
    const separated = nodes.flatMap((node, index) => {
        const space = parts[index].endsWith(" ") && typeof node !== "string" ? [" "] : [];
        return [node, ...space, document.createElement("wbr")];
    });
    code.replaceChildren(...separated.slice(0, -1));
}
