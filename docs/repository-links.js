// Pages link to files of the repository, which are not part of the book.

const REPOSITORY = "https://github.com/arango-rs/arango/blob/main";

for (const link of document.querySelectorAll("main a[href^='../']")) {
    const file = new URL(link.getAttribute("href"), "https://repository.invalid/docs/");
    // mdbook has replaced the extension.
    link.href = REPOSITORY + file.pathname.replace(/\.html$/, ".md") + file.hash;
}
