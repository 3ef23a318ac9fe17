#include "passes/tile/Tiling.h"
#include "dialects/model/Model.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;

constexpr int64_t kAmxTiles = 8;
constexpr int64_t kAmxTileRows = 16;

static kernel::TilingAttr vectorTiling(MLIRContext *context, StringRef dot, int64_t rows, kernel::TargetAttr target) {
  int64_t accumulators = target.number("accumulators");
  if (rows <= target.number("decode_rows")) {
    int64_t panels = std::clamp<int64_t>(accumulators / rows, 1, target.number("weight_streams"));
    return kernel::TilingAttr::get(context, dot, rows, panels, /*depth=*/0, /*streams=*/panels,
                                   target.number("prefetch_bytes"));
  }
  // A target whose own multiplier is another (amx) gives no vector block: eight rows share each weight load.
  bool own = dot == target.getDot();
  int64_t blockRows = own ? target.number("gemm_rows") : std::min<int64_t>(8, accumulators);
  int64_t panels = own ? target.number("gemm_panels") : std::max<int64_t>(1, accumulators / blockRows);
  return kernel::TilingAttr::get(context, dot, blockRows, panels, target.number("gemm_depth"), /*streams=*/1,
                                 /*prefetch=*/0);
}

static kernel::TilingAttr linearTiling(kernel::FuncOp kernel, kernel::TargetAttr target) {
  bool narrow = true;
  int64_t rows = 1;
  for (auto linear : kernel.getBody().getOps<model::LinearOp>()) {
    rows = linear.getX().getType().getDimSize(0);
    narrow &=
        linear.getX().getType().getElementType().isBF16() && linear.getWeight().getType().getElementType().isBF16();
  }
  MLIRContext *context = kernel.getContext();
  StringRef dot = narrow ? target.getDot() : "fma";
  if (dot != "amx")
    return vectorTiling(context, dot, rows, target);
  if (rows <= target.number("decode_rows"))
    return vectorTiling(context, "bf16", rows, target);
  return kernel::TilingAttr::get(context, dot, target.number("gemm_rows"), target.number("gemm_panels"),
                                 target.number("gemm_depth"),
                                 /*streams=*/1, /*prefetch=*/0);
}

kernel::TilingAttr tenon::chooseTiling(kernel::FuncOp kernel, kernel::TargetAttr target) {
  if (kernel.getAnchor() == "linear")
    return linearTiling(kernel, target);
  // The other emitters have one schedule each and read only how far to look ahead.
  return kernel::TilingAttr::get(kernel.getContext(), "fma", 1, 1, 0, 1, target.number("prefetch_bytes"));
}

bool tenon::fitsRegisters(kernel::TilingAttr tiling, kernel::TargetAttr target) {
  if (tiling.getDot() != "amx")
    return tiling.getRows() * tiling.getPanels() <= target.number("accumulators");
  int64_t tileRows = llvm::divideCeil(tiling.getRows(), kAmxTileRows);
  return tileRows * tiling.getPanels() + tileRows + tiling.getPanels() <= kAmxTiles;
}

kernel::PackedAttr tenon::packedLayout(RankedTensorType weight) {
  return kernel::PackedAttr::get(weight.getContext(), kPanelColumns, weight.getElementType().isBF16() ? 2 : 1);
}
