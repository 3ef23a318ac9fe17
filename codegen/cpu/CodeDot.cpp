#include "codegen/cpu/CodeDot.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

static constexpr int64_t lanes = KernelBuilder::lanes;

FailureOr<CodeDot> CodeDot::choose(kernel::FuncOp func, StringRef dot, int64_t bits) {
  kernel::TargetAttr target = *func.getTarget();
  CodeDot step;
  SmallVector<StringRef> needed;
  if (dot == "vnni" || dot == "amx") {
    step.kind = Kind::Vnni;
    needed = {"avx512vnni"};
    if (dot == "amx")
      needed.append({"amx-tile", "amx-int8"});
  } else if (dot == "maddwd") {
    step.kind = bits == 4 ? Kind::MaddubsSmall : Kind::Maddwd;
    needed = {"avx2"};
    step.registerBits = target.hasFeature("avx512bw") ? 512 : 256;
  } else if (dot == "usdot") {
    step.kind = Kind::Usdot;
    step.registerBits = 128;
    needed = {"i8mm"};
  } else if (dot != "widen") {
    return func.emitOpError() << "cannot multiply 8-bit inputs with \"" << dot
                              << "\"; expected \"vnni\", \"amx\", \"maddwd\", \"usdot\" or \"widen\"";
  }
  for (StringRef feature : needed)
    if (!target.hasFeature(feature))
      return func.emitOpError() << "multiplies with \"" << dot << "\", which needs " << feature << "; target "
                                << target.getSpec() << " has no such feature";
  return step;
}

static Value recast(KernelBuilder &b, Value vector, Type element) {
  auto type = cast<VectorType>(vector.getType());
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  return vector::BitCastOp::create(b, b.vectorType(element, bits / element.getIntOrFloatBitWidth()), vector);
}

static Value number(KernelBuilder &b, VectorType type, int64_t value) {
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, b.getIntegerAttr(type.getElementType(), value)));
}

// Part `index` of `parts` equal ones.
static Value slice(KernelBuilder &b, Value vector, int64_t index, int64_t parts) {
  int64_t count = cast<VectorType>(vector.getType()).getNumElements() / parts;
  SmallVector<int64_t> order(count);
  std::iota(order.begin(), order.end(), index * count);
  return vector::ShuffleOp::create(b, vector, vector, order);
}

// Neighbours joined, then pairs of them, until one vector is left.
static Value join(KernelBuilder &b, SmallVector<Value> parts) {
  while (parts.size() > 1) {
    SmallVector<int64_t> order(2 * cast<VectorType>(parts[0].getType()).getNumElements());
    std::iota(order.begin(), order.end(), 0);
    SmallVector<Value> joined;
    for (size_t i = 0; i < parts.size(); i += 2)
      joined.push_back(vector::ShuffleOp::create(b, parts[i], parts[i + 1], order));
    parts = joined;
  }
  return parts[0];
}

// An intrinsic that works on registers of `registerBits`, applied to all of 512 bits.
static Value byRegister(KernelBuilder &b, int64_t registerBits, StringRef name, Type element, ValueRange operands) {
  int64_t parts = 512 / registerBits;
  VectorType result = b.vectorType(element, registerBits / element.getIntOrFloatBitWidth());
  SmallVector<Value> results;
  for (int64_t part = 0; part < parts; ++part) {
    SmallVector<Value> slices;
    for (Value operand : operands)
      slices.push_back(parts == 1 ? operand : slice(b, operand, part, parts));
    results.push_back(b.intrinsic(name, result, slices));
  }
  return join(b, results);
}

static Value maddwd(KernelBuilder &b, int64_t registerBits, Value left, Value right) {
  StringRef name = registerBits == 512 ? "llvm.x86.avx512.pmaddw.d.512" : "llvm.x86.avx2.pmadd.wd";
  return byRegister(b, registerBits, name, b.getI32Type(), {left, right});
}

CodeDot::Values CodeDot::codes(KernelBuilder &b, Value bytes) const {
  switch (kind) {
  case Kind::Vnni:
  case Kind::MaddubsSmall:
  case Kind::Usdot:
    return {recast(b, bytes, b.getI8Type())};
  case Kind::Maddwd: {
    Value pairs = recast(b, bytes, b.getI16Type());
    VectorType type = cast<VectorType>(pairs.getType());
    return {arith::AndIOp::create(b, pairs, number(b, type, 0xff)),
            arith::ShRUIOp::create(b, pairs, number(b, type, 8))};
  }
  case Kind::Widen: {
    VectorType type = b.vectorType(b.getI32Type());
    Values parts;
    for (int64_t i = 0; i < 4; ++i) {
      Value shifted = i == 0 ? bytes : arith::ShRUIOp::create(b, bytes, number(b, type, 8 * i)).getResult();
      parts.push_back(i == 3 ? shifted : arith::AndIOp::create(b, shifted, number(b, type, 0xff)).getResult());
    }
    return parts;
  }
  }
  llvm_unreachable("all kinds are above");
}

CodeDot::Values CodeDot::inputs(KernelBuilder &b, Value pointer) const {
  if (kind == Kind::Widen) {
    Values parts;
    for (int64_t i = 0; i < 4; ++i) {
      Value code = b.load(b.getI8Type(), b.at(pointer, i));
      parts.push_back(b.broadcast(arith::ExtSIOp::create(b, b.getI32Type(), code)));
    }
    return parts;
  }
  Value four = b.broadcast(b.load(b.getI32Type(), pointer));
  if (kind != Kind::Maddwd)
    return {recast(b, four, b.getI8Type())};
  Value pairs = recast(b, four, b.getI16Type()), eight = number(b, cast<VectorType>(pairs.getType()), 8);
  return {arith::ShRSIOp::create(b, arith::ShLIOp::create(b, pairs, eight), eight),
          arith::ShRSIOp::create(b, pairs, eight)};
}

Value CodeDot::accumulate(KernelBuilder &b, Value sum, const Values &inputs, const Values &codes) const {
  auto plus = [&](Value more) { sum = arith::AddIOp::create(b, sum, more); };
  switch (kind) {
  case Kind::Vnni:
    return b.intrinsic("llvm.x86.avx512.vpdpbusd.512", sum.getType(), {sum, codes[0], inputs[0]});
  case Kind::Usdot: {
    Value operands[] = {sum, codes[0], inputs[0]};
    return byRegister(b, registerBits, "llvm.aarch64.neon.usdot.v4i32.v16i8", b.getI32Type(), operands);
  }
  case Kind::MaddubsSmall: {
    StringRef name = registerBits == 512 ? "llvm.x86.avx512.pmaddubs.w.512" : "llvm.x86.avx2.pmadd.ub.sw";
    Value pairs = byRegister(b, registerBits, name, b.getI16Type(), {codes[0], inputs[0]});
    plus(maddwd(b, registerBits, pairs, number(b, b.vectorType(b.getI16Type(), 2 * lanes), 1)));
    return sum;
  }
  case Kind::Maddwd:
    plus(maddwd(b, registerBits, codes[0], inputs[0]));
    plus(maddwd(b, registerBits, codes[1], inputs[1]));
    return sum;
  case Kind::Widen:
    for (auto [code, in] : llvm::zip_equal(codes, inputs))
      plus(arith::MulIOp::create(b, code, in));
    return sum;
  }
  llvm_unreachable("all kinds are above");
}
