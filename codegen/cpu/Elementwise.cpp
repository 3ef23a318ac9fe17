// Elementwise: y = f(a, b, ...) at equal positions, for chains of ops that found no anchor to ride in.
//
// Loops: all elements as one row, its vectors over workers. One read of each operand, one write of each result.
#include "codegen/common/TileValues.h"
#include "codegen/cpu/Emitters.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

LogicalResult cpu::emitElementwise(KernelBuilder &b, kernel::FuncOp func) {
  FunctionType type = func.getFunctionType();
  auto shape = cast<ShapedType>(type.getResult(0)).getShape();
  for (Type other : llvm::concat<const Type>(type.getInputs(), type.getResults()))
    if (auto tensor = dyn_cast<RankedTensorType>(other); !tensor || tensor.getShape() != shape)
      return func.emitOpError() << "has an operand or result of type " << other
                                << ", expected the shape of its first result " << type.getResult(0)
                                << " (an elementwise kernel maps equal positions)";
  for (Value value : func.getBody().front().getTerminator()->getOperands())
    if (!TileValues::canEvaluate(value, {}))
      return func.emitOpError() << "yields a value that is no chain of elementwise ops";
  forEachVector(b, 1, ShapedType::getNumElements(shape),
                [&](Value row, Value column, int64_t count) { TileValues(b, row, column, count).storeAll(); });
  return success();
}
