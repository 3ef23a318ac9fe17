// The schema's view of an engine.variant: the plan as the flatbuffer stores it.
#pragma once

#include "dialects/engine/Engine.h"
#include "dialects/kernel/Kernel.h"
#include "tenon/schema/engine_generated.h"

#include <memory>

namespace tenon::emit {

// `target` is the variant's resolved target; `code` its blob's index. Kernels keep the order of the variant's
// engine.kernel ops.
std::unique_ptr<schema::VariantT> variantTable(engine::VariantOp variant, kernel::TargetAttr target, uint32_t code);

// f32, f16, bf16, i8 and i32 have a counterpart; asserts on others, which no pass lets through.
schema::DType schemaType(mlir::Type elementType);

} // namespace tenon::emit
