// Rope parameters as they stand in IR: the dictionary of `#model.rope_table`, with transformers' names for the numbers.
#pragma once

#include "compiler/families/RopeTable.h"
#include "dialects/model/Model.h"

namespace tenon {

// Errors: RopeTable::make's.
Result<model::RopeTableAttr> ropeTableAttribute(mlir::MLIRContext &context, const RopeParameters &rope, int64_t headDim,
                                                int64_t positions);

// The table that the attribute describes. IR may come from a file: InvalidFile where a number is missing, of the wrong
// kind or out of range, or an entry is unknown.
Result<RopeTable> ropeTableOf(model::RopeTableAttr attribute);

} // namespace tenon
