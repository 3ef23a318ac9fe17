// Undoes the row order that GGUF files give to query and key weights: within each head, file row 2 i + h is model row
// h * headRows / 2 + i.
#pragma once

#include "compiler/weights/RowSource.h"

namespace tenon::weights {

// `source` with its rows, and its codes where it has any, in the model's order. headRows is even and divides
// source->rows().
std::unique_ptr<RowSource> deinterleavedRows(std::unique_ptr<RowSource> source, uint64_t headRows);

// A vector (one row) whose elements are ordered so. headColumns is even and divides source->columns().
std::unique_ptr<RowSource> deinterleavedVector(std::unique_ptr<RowSource> source, uint64_t headColumns);

} // namespace tenon::weights
