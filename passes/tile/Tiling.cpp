#include "passes/tile/Tiling.h"
#include "dialects/interfaces/Interfaces.h"
#include "dialects/model/Model.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;

constexpr int64_t kAmxTiles = 8;
constexpr int64_t kAmxTileRows = 16;

// What a linear kernel asks of its schedule.
struct LinearShape {
  int64_t rows = 1;
  int64_t joined = 1; // linears that share an epilogue, at most
  bool narrow = true; // bf16 rows and weights throughout
};

// The linears that `value` is made of, through elementwise ops.
static void collectLinears(Value value, llvm::SmallPtrSetImpl<Operation *> &linears) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return;
  if (isa<model::LinearOp>(op))
    linears.insert(op);
  else if (cast<FusionRole>(op).getFusionRole() == Role::Elementwise)
    for (Value operand : op->getOperands())
      collectLinears(operand, linears);
}

static LinearShape shapeOf(kernel::FuncOp kernel) {
  LinearShape shape;
  for (auto linear : kernel.getBody().getOps<model::LinearOp>()) {
    shape.rows = linear.getX().getType().getDimSize(0);
    shape.narrow &=
        linear.getX().getType().getElementType().isBF16() && linear.getWeight().getType().getElementType().isBF16();
  }
  for (Value result : kernel.getBody().front().getTerminator()->getOperands()) {
    llvm::SmallPtrSet<Operation *, 4> linears;
    collectLinears(result, linears);
    shape.joined = std::max<int64_t>(shape.joined, linears.size());
  }
  return shape;
}

// `panels` as near as it gets for sets of `joined`.
static int64_t roundPanels(int64_t panels, int64_t joined) { return std::max(joined, panels / joined * joined); }

static kernel::TilingAttr vectorTiling(MLIRContext *context, StringRef dot, LinearShape shape,
                                       kernel::TargetAttr target) {
  int64_t accumulators = target.number("accumulators");
  if (shape.rows <= target.number("decode_rows")) {
    int64_t panels = roundPanels(std::min(target.number("weight_streams"), accumulators / shape.rows), shape.joined);
    int64_t rows = std::clamp<int64_t>(accumulators / panels, 1, shape.rows);
    return kernel::TilingAttr::get(context, dot, rows, panels, /*depth=*/0, /*streams=*/panels,
                                   target.number("prefetch_bytes"));
  }
  // A target whose own multiplier is another (amx) gives no vector block: eight rows share each weight load.
  bool own = dot == target.getDot();
  int64_t sums = own ? target.number("gemm_rows") * target.number("gemm_panels") : accumulators;
  int64_t panels =
      roundPanels(own ? target.number("gemm_panels") : std::max<int64_t>(1, accumulators / 8), shape.joined);
  int64_t rows = std::clamp<int64_t>(sums / panels, 1, shape.rows);
  return kernel::TilingAttr::get(context, dot, rows, panels, target.number("gemm_depth"), /*streams=*/1,
                                 target.number("prefetch_bytes"));
}

static int64_t amxTiles(int64_t rows, int64_t panels) {
  int64_t tileRows = llvm::divideCeil(rows, kAmxTileRows);
  return tileRows * panels + tileRows + panels;
}

static kernel::TilingAttr amxTiling(MLIRContext *context, LinearShape shape, kernel::TargetAttr target) {
  int64_t rows = std::min(shape.rows, target.number("gemm_rows")), panels = shape.joined;
  while (amxTiles(rows, panels + shape.joined) <= kAmxTiles)
    panels += shape.joined;
  if (shape.rows <= target.number("decode_rows"))
    return kernel::TilingAttr::get(context, "amx", rows, panels, /*depth=*/0, /*streams=*/panels,
                                   target.number("prefetch_bytes"));
  return kernel::TilingAttr::get(context, "amx", rows, panels, target.number("gemm_depth"), /*streams=*/1,
                                 target.number("prefetch_bytes"));
}

kernel::TilingAttr tenon::chooseTiling(kernel::FuncOp kernel, kernel::TargetAttr target) {
  MLIRContext *context = kernel.getContext();
  // The other emitters have one schedule each and read only how far to look ahead.
  if (kernel.getAnchor() != "linear")
    return kernel::TilingAttr::get(context, "fma", 1, 1, 0, 1, target.number("prefetch_bytes"));
  LinearShape shape = shapeOf(kernel);
  StringRef dot = shape.narrow ? target.getDot() : "fma";
  return dot == "amx" ? amxTiling(context, shape, target) : vectorTiling(context, dot, shape, target);
}

bool tenon::fitsRegisters(kernel::TilingAttr tiling, kernel::TargetAttr target) {
  if (tiling.getDot() == "amx")
    return amxTiles(tiling.getRows(), tiling.getPanels()) <= kAmxTiles;
  return tiling.getRows() * tiling.getPanels() <= target.number("accumulators");
}

kernel::PackedAttr tenon::packedLayout(RankedTensorType weight) {
  if (auto quantized = dyn_cast<QuantizedElement>(weight.getElementType()))
    return kernel::PackedAttr::get(weight.getContext(), kPanelColumns, quantized.getFormat().panelInputs());
  return kernel::PackedAttr::get(weight.getContext(), kPanelColumns, weight.getElementType().isBF16() ? 2 : 1);
}
