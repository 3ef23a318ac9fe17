#include "codegen/cpu/CacheDot.h"
#include "codegen/common/TileValues.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

Value CacheDot::number(int32_t value) {
  return arith::ConstantOp::create(b, DenseElementsAttr::get(b.vectorType(b.getI32Type()), value));
}

Value CacheDot::loadCodes(Value pointer, int64_t count) {
  VectorType type = b.vectorType(b.getI8Type());
  Value codes = count == KernelBuilder::lanes ? b.load(type, pointer) : b.loadLanes(type, pointer, b.i64(count));
  return arith::SIToFPOp::create(b, b.f32Vector(), arith::ExtSIOp::create(b, b.vectorType(b.getI32Type()), codes));
}

// Interleaved lines are 16 pairs, each in a 32-bit lane.
Value CacheDot::load(Value pointer, int64_t lineBytes, int64_t count, int64_t valid) {
  if (layout.scaled && !narrow)
    return loadCodes(pointer, count);
  if (layout.scaled) {
    // The f32 of a code has zeros in its lower half: its upper half is the bf16.
    VectorType ints = b.vectorType(b.getI32Type());
    Value even = arith::BitcastOp::create(b, ints, loadCodes(pointer, count));
    Value odd = arith::BitcastOp::create(b, ints, loadCodes(b.at(pointer, lineBytes), count));
    return arith::OrIOp::create(b, arith::ShRUIOp::create(b, even, number(16)), odd);
  }
  if (numbers() == 1)
    return loadF32(b, element, pointer, count);
  VectorType type = b.vectorType(b.getI32Type());
  Value pairs = count == KernelBuilder::lanes ? b.load(type, pointer) : b.loadLanes(type, pointer, b.i64(count));
  return narrow && valid == 1 ? arith::AndIOp::create(b, pairs, number(0xffff)).getResult() : pairs;
}

Value CacheDot::right(Value line, int64_t part) {
  if (narrow)
    return vector::BitCastOp::create(b, b.vectorType(b.getBF16Type(), 2 * KernelBuilder::lanes), line);
  if (numbers() == 1)
    return line;
  Value bits = part == 0 ? arith::ShLIOp::create(b, line, number(16)).getResult()
                         : arith::AndIOp::create(b, line, number(static_cast<int32_t>(0xffff0000))).getResult();
  return arith::BitcastOp::create(b, b.f32Vector(), bits);
}

Value CacheDot::left(Value pointer, int64_t part, int64_t valid) {
  if (!narrow)
    return b.broadcast(b.load(b.getF32Type(), b.at(pointer, part * 4)));
  Value pair = valid == 2 ? b.load(b.getI32Type(), pointer)
                          : arith::ExtUIOp::create(b, b.getI32Type(), b.load(b.getI16Type(), pointer)).getResult();
  return vector::BitCastOp::create(b, b.vectorType(b.getBF16Type(), 2 * KernelBuilder::lanes), b.broadcast(pair));
}

Value CacheDot::accumulate(Value sum, Value left, Value right) {
  if (!narrow)
    return b.fma(left, right, sum);
  return b.intrinsic("llvm.x86.avx512bf16.dpbf16ps.512", b.f32Vector(), {sum, right, left});
}
