// From weight symbols to what the packer does: a source, an element type, a layout and a place for each.
#pragma once

#include "compiler/import/ModelDirectory.h"
#include "compiler/weights/Packer.h"
#include "mlir/IR/BuiltinOps.h"
#include "tenon/schema/engine_generated.h"

#include <memory>
#include <vector>

namespace tenon {

struct WeightTable {
  std::vector<weights::PackJob> jobs;                    // by offset
  std::vector<std::unique_ptr<schema::WeightT>> entries; // in the same order
  uint64_t bytes = 0;                                    // of the segment
};

// Reads every model.weight of a tiled module. `directory` must outlive the jobs: sources read from its files.
// Errors: Internal for a recipe that the packer does not know, InvalidFile for a tensor that is missing.
Result<WeightTable> weightTable(mlir::ModuleOp module, const ModelDirectory &directory);

} // namespace tenon
