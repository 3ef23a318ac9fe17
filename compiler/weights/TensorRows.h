// From a checkpoint's tensor to a source of its rows, as the model has them.
#pragma once

#include "compiler/import/Checkpoint.h"
#include "compiler/weights/RowSource.h"

namespace tenon::weights {

// The type that the rows of a tensor come in: quantized types are decoded to f32. `type` must be readable.
Element elementOf(TensorType type);

// Rows of `tensor`, which `checkpoint` holds: [N, K] as N rows, a vector as one row, more dimensions folded into the
// rows. The source has codes (BlockRows.h) where the tensor is quantized. The checkpoint must outlive it. Errors:
// Unsupported for a type that is not readable, InvalidFile for heads that do not divide the rows into pairs.
Result<std::unique_ptr<RowSource>> tensorRows(const Checkpoint &checkpoint, const TensorInfo &tensor);

} // namespace tenon::weights
