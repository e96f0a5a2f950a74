// Lets long code in the cells of a table break between its parts.

for (const code of document.querySelectorAll("main td code")) {
    if (code.childElementCount > 0) continue;
    const parts = code.textContent.split(/(?<=::|[(/,])(?=[^)])|(?<=[^ ])(?=\.[a-z])|(?<=\w)(?=[?&]\w)/);
    code.replaceChildren(...parts.flatMap((part, index) => (index === 0 ? [part] : [document.createElement("wbr"), part])));
}
