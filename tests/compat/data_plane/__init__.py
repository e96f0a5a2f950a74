"""Checks of the data plane: databases, collections, indexes, documents and queries."""

from data_plane import (
    aql,
    background_requests,
    collections,
    cursors,
    databases,
    document_arrays,
    document_options,
    documents,
    graph_elements,
    graphs,
    headers,
    imports,
    indexes,
    not_simulated,
    outages,
    query_tracking,
    search,
    settings,
    streams,
    transactions,
    traversals,
    user_functions,
    validation,
)

PARTS = [
    databases,
    collections,
    validation,
    indexes,
    documents,
    document_options,
    document_arrays,
    headers,
    imports,
    graphs,
    graph_elements,
    search,
    settings,
    aql,
    traversals,
    cursors,
    streams,
    transactions,
    query_tracking,
    user_functions,
    background_requests,
    outages,
    not_simulated,
]


def checks(runner):
    """Registers all checks of the data plane."""
    for part in PARTS:
        part.checks(runner)
