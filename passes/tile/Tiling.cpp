#include "passes/tile/Tiling.h"
#include "dialects/interfaces/Interfaces.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
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
  bool codes = false; // 8-bit rows
  bool whole = false; // of those, one scale for a row and one for an output
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
    RankedTensorType weight = linear.getWeight().getType();
    if (qt::RowsInt8Attr rows = qt::rowSchemeOf(linear.getX().getType())) {
      shape.codes = true;
      shape.whole = rows.getGroup() == 0 && qt::schemeOf(weight) && qt::schemeOf(weight).getStorage().group == 0;
    }
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

// As many panels as tiles are left for; `depth` 0 for all rows at once.
static kernel::TilingAttr amxTiling(MLIRContext *context, LinearShape shape, kernel::TargetAttr target, int64_t depth,
                                    int64_t prefetch) {
  int64_t rows = std::min(shape.rows, target.number("gemm_rows")), panels = shape.joined;
  while (amxTiles(rows, panels + shape.joined) <= kAmxTiles)
    panels += shape.joined;
  return kernel::TilingAttr::get(context, "amx", rows, panels, depth, /*streams=*/depth ? 1 : panels, prefetch);
}

// Integer sums; where scales change along the depth, as many f32 sums wait beside them.
static int64_t codeSums(LinearShape shape, kernel::TargetAttr target) {
  return target.number("code_sums") * (shape.whole ? 2 : 1);
}

static kernel::TilingAttr codeTiling(MLIRContext *context, LinearShape shape, kernel::TargetAttr target) {
  StringRef dot = target.getCodeDot();
  bool decode = shape.rows <= target.number("code_decode_rows");
  if (dot == "amx") { // few rows leave tiles empty
    if (!decode)
      return amxTiling(context, shape, target, target.number("code_depth"), target.number("code_prefetch"));
    dot = "vnni";
  }
  int64_t sums = codeSums(shape, target);
  int64_t wanted = decode ? std::min(target.number("code_streams"), std::max<int64_t>(1, sums / shape.rows))
                          : target.number("code_panels");
  int64_t panels = roundPanels(wanted, shape.joined);
  // Few rows pass at once where all registers for sums can hold them.
  int64_t wantedSums = std::min(std::max(sums, decode ? shape.rows * panels : 0), 2 * target.number("code_sums"));
  int64_t rows = std::clamp<int64_t>(wantedSums / panels, 1, shape.rows);
  return kernel::TilingAttr::get(context, dot, rows, panels, decode ? 0 : target.number("code_depth"),
                                 decode ? panels : 1, target.number("code_prefetch"));
}

kernel::TilingAttr tenon::chooseTiling(kernel::FuncOp kernel, kernel::TargetAttr target) {
  MLIRContext *context = kernel.getContext();
  // The other emitters have one schedule each and read only how far to look ahead.
  if (kernel.getAnchor() != "linear")
    return kernel::TilingAttr::get(context, "fma", 1, 1, 0, 1, target.number("prefetch_bytes"));
  LinearShape shape = shapeOf(kernel);
  if (shape.codes)
    return codeTiling(context, shape, target);
  StringRef dot = shape.narrow ? target.getDot() : "fma";
  if (dot != "amx")
    return vectorTiling(context, dot, shape, target);
  int64_t depth = shape.rows <= target.number("decode_rows") ? 0 : target.number("gemm_depth");
  return amxTiling(context, shape, target, depth, target.number("prefetch_bytes"));
}

bool tenon::fitsRegisters(kernel::TilingAttr tiling, kernel::TargetAttr target) {
  if (tiling.getDot() == "amx")
    return amxTiles(tiling.getRows(), tiling.getPanels()) <= kAmxTiles;
  if (tiling.getDot() != "fma" && tiling.getDot() != "bf16")
    return tiling.getRows() * tiling.getPanels() <= 2 * target.number("code_sums");
  return tiling.getRows() * tiling.getPanels() <= target.number("accumulators");
}

kernel::PackedAttr tenon::packedLayout(RankedTensorType weight) {
  if (auto quantized = dyn_cast<QuantizedElement>(weight.getElementType()))
    return kernel::PackedAttr::get(weight.getContext(), kPanelColumns, quantized.getFormat().panelInputs());
  return kernel::PackedAttr::get(weight.getContext(), kPanelColumns, weight.getElementType().isBF16() ? 2 : 1);
}
