// Where each weight lies in a rank's weight segment. The one answer to that question: the planner, the packer and
// `tenon plan` all ask here.
#pragma once

#include "dialects/model/Model.h"
#include "mlir/IR/BuiltinOps.h"
#include <vector>

namespace tenon {

struct PlacedWeight {
  model::WeightOp weight;
  uint64_t offset, bytes; // of the stored form, padding of the layout included
};

struct WeightLayout {
  std::vector<PlacedWeight> weights; // in the module's order, which is the order of execution in a family's module
  uint64_t bytes = 0;                // of the segment
};

// Offsets depend on the order, types and recipes of the module's weights only, so that variants for several targets
// agree. A weight of 64 KiB or more starts on a page (4096), a smaller one on a cache line (64); the segment ends on a
// cache line.
WeightLayout layOutWeights(mlir::ModuleOp module);

} // namespace tenon
