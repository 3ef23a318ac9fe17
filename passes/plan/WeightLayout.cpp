#include "passes/plan/WeightLayout.h"
#include "dialects/engine/Engine.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;

constexpr uint64_t kLargeWeight = 64 * 1024;
constexpr uint64_t kPage = 4096;

WeightLayout tenon::layOutWeights(ModuleOp module) {
  WeightLayout layout;
  for (auto weight : module.getOps<model::WeightOp>()) {
    uint64_t bytes = weight.getStoredBytes();
    uint64_t offset = llvm::alignTo(layout.bytes, bytes >= kLargeWeight ? kPage : engine::kSliceAlignment);
    layout.weights.push_back({weight, offset, bytes});
    layout.bytes = offset + bytes;
  }
  layout.bytes = llvm::alignTo(layout.bytes, engine::kSliceAlignment);
  return layout;
}
