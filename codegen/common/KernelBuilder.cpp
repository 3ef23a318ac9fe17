#include "codegen/common/KernelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;

// The exported entry only loads the pointers and calls the body: pointers that are parameters can be declared noalias.
static func::FuncOp buildEntry(ImplicitLocOpBuilder &b, StringRef name, func::FuncOp body, unsigned pointers) {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto entry = func::FuncOp::create(b, name, b.getFunctionType({pointer, b.getI32Type(), b.getI32Type()}, {}));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(entry.addEntryBlock());
  SmallVector<Value> arguments;
  for (unsigned i = 0; i < pointers; ++i) {
    Value slot =
        LLVM::GEPOp::create(b, pointer, pointer, entry.getArgument(0), ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    arguments.push_back(LLVM::LoadOp::create(b, pointer, slot));
  }
  arguments.append({entry.getArgument(1), entry.getArgument(2)});
  func::CallOp::create(b, body, arguments);
  func::ReturnOp::create(b);
  return entry;
}

KernelBuilder::KernelBuilder(ModuleOp module, kernel::FuncOp source)
    : ImplicitLocOpBuilder(source.getLoc(), module.getBodyRegion()), kernelFunc(source) {
  setInsertionPointToEnd(module.getBody());
  FunctionType type = source.getFunctionType();
  unsigned pointers = kernelPointers(type);
  SmallVector<Type> parameters(pointers, pointerType());
  parameters.append(2, getI32Type());
  body = func::FuncOp::create(*this, (source.getSymName() + ".body").str(), getFunctionType(parameters, {}));
  body.setPrivate();
  for (unsigned i = 0; i < pointers; ++i) {
    body.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), getUnitAttr());
    body.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(), getI64IntegerAttr(64));
    body.setArgAttr(i, LLVM::LLVMDialect::getNoUndefAttrName(), getUnitAttr());
  }
  buildEntry(*this, source.getSymName(), body, pointers);

  setInsertionPointToStart(body.addEntryBlock());
  for (Value operand : source.getBody().getArguments()) {
    argumentOf[operand] = firstResult;
    firstResult += pointersFor(operand.getType());
  }
  workerIndex = arith::ExtUIOp::create(*this, getI64Type(), body.getArgument(pointers));
  workerCount = arith::ExtUIOp::create(*this, getI64Type(), body.getArgument(pointers + 1));
}

LogicalResult KernelBuilder::finish() {
  func::ReturnOp::create(*this);
  if (scratchBytes <= maxScratchBytes)
    return success();
  return kernelFunc.emitOpError() << "needs " << scratchBytes
                                  << " bytes of scratch on each worker's stack, expected at most " << maxScratchBytes
                                  << "; choose a tiling with fewer rows or panels";
}

Value KernelBuilder::pointer(Value operand) { return body.getArgument(argumentOf.at(operand)); }
Value KernelBuilder::resultPointer(unsigned result) { return body.getArgument(firstResult + result); }

KernelBuilder::CachePointers KernelBuilder::cachePointers(Value operand) {
  unsigned first = argumentOf.at(operand);
  return {body.getArgument(first), body.getArgument(first + 1)};
}

KernelBuilder::Range KernelBuilder::share(Value total) {
  return {div(mul(total, worker()), workers()), div(mul(total, add(worker(), 1)), workers())};
}

Value KernelBuilder::i64(int64_t value) { return arith::ConstantOp::create(*this, getI64IntegerAttr(value)); }
Value KernelBuilder::add(Value a, Value b) {
  return createOrFold<arith::AddIOp>(a, b, arith::IntegerOverflowFlags::nsw);
}
Value KernelBuilder::sub(Value a, Value b) {
  return createOrFold<arith::SubIOp>(a, b, arith::IntegerOverflowFlags::nsw);
}
Value KernelBuilder::mul(Value a, Value b) {
  return createOrFold<arith::MulIOp>(a, b, arith::IntegerOverflowFlags::nsw);
}
Value KernelBuilder::div(Value a, Value b) { return createOrFold<arith::DivUIOp>(a, b); }
Value KernelBuilder::rem(Value a, Value b) { return createOrFold<arith::RemUIOp>(a, b); }
Value KernelBuilder::min(Value a, Value b) { return createOrFold<arith::MinSIOp>(a, b); }
Value KernelBuilder::max(Value a, Value b) { return createOrFold<arith::MaxSIOp>(a, b); }
Value KernelBuilder::lessThan(Value a, Value b) { return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b); }
Value KernelBuilder::equal(Value a, Value b) { return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b); }
Value KernelBuilder::select(Value condition, Value a, Value b) {
  return createOrFold<arith::SelectOp>(condition, a, b);
}
Value KernelBuilder::widen(Value i32) { return createOrFold<arith::ExtSIOp>(getI64Type(), i32); }

SmallVector<Value> KernelBuilder::loop(Value begin, Value end, int64_t step, ValueRange init, CarryBody emitBody) {
  auto loop = scf::ForOp::create(*this, begin, end, i64(step), init);
  OpBuilder::InsertionGuard guard(*this);
  if (init.empty()) // the op came with its terminator
    loop.getBody()->getTerminator()->erase();
  setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(*this, emitBody(loop.getInductionVar(), loop.getRegionIterArgs()));
  return Values(loop.getResults());
}

void KernelBuilder::loop(Value begin, Value end, int64_t step, llvm::function_ref<void(Value)> emitBody) {
  loop(begin, end, step, ValueRange(), [&](Value index, ValueRange) -> SmallVector<Value> {
    emitBody(index);
    return {};
  });
}

void KernelBuilder::loop(int64_t begin, int64_t end, int64_t step, llvm::function_ref<void(Value)> emitBody) {
  loop(i64(begin), i64(end), step, emitBody);
}

void KernelBuilder::ifThen(Value condition, llvm::function_ref<void()> emitBody) {
  ifElse(condition, [&] { return emitBody(), Values(); }, nullptr);
}

KernelBuilder::Values KernelBuilder::ifElse(Value condition, llvm::function_ref<Values()> then,
                                            llvm::function_ref<Values()> otherwise) {
  auto branch = [&](llvm::function_ref<Values()> emitBranch) {
    return [this, emitBranch](OpBuilder &inside, Location) {
      OpBuilder::InsertionGuard guard(*this);
      setInsertionPoint(inside.getInsertionBlock(), inside.getInsertionPoint());
      scf::YieldOp::create(*this, emitBranch());
    };
  };
  if (!otherwise)
    return Values(scf::IfOp::create(*this, condition, branch(then)).getResults());
  return Values(scf::IfOp::create(*this, condition, branch(then), branch(otherwise)).getResults());
}

Value KernelBuilder::at(Value pointer, Value bytes) {
  IntegerAttr constant;
  if (matchPattern(bytes, m_Constant(&constant)))
    return at(pointer, constant.getInt());
  return LLVM::GEPOp::create(*this, pointerType(), getI8Type(), pointer, ValueRange{bytes},
                             LLVM::GEPNoWrapFlags::inbounds);
}

Value KernelBuilder::at(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  if (!llvm::isInt<LLVM::kGEPConstantBitWidth>(bytes))
    return LLVM::GEPOp::create(*this, pointerType(), getI8Type(), pointer, ValueRange{i64(bytes)},
                               LLVM::GEPNoWrapFlags::inbounds);
  return LLVM::GEPOp::create(*this, pointerType(), getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)}, LLVM::GEPNoWrapFlags::inbounds);
}

int64_t KernelBuilder::bytesOf(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() * bytesOf(vector.getElementType());
  if (isa<LLVM::LLVMPointerType>(type))
    return 8;
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

int64_t KernelBuilder::rowBytes(RankedTensorType type) {
  return type.getDimSize(type.getRank() - 1) * bytesOf(type.getElementType());
}

Value KernelBuilder::load(Type type, Value pointer, int64_t align) {
  return LLVM::LoadOp::create(*this, type, pointer, align ? align : bytesOf(getElementTypeOrSelf(type)));
}

Value KernelBuilder::loadIndex(Value pointer) { return widen(load(getI32Type(), pointer)); }

void KernelBuilder::store(Value value, Value pointer, int64_t align) {
  LLVM::StoreOp::create(*this, value, pointer, align ? align : bytesOf(getElementTypeOrSelf(value.getType())));
}

Value KernelBuilder::laneMask(int64_t count, Value active) {
  SmallVector<int32_t> lane(count);
  std::iota(lane.begin(), lane.end(), 0);
  Value numbers = arith::ConstantOp::create(*this, getI32VectorAttr(lane));
  Value limit = broadcast(createOrFold<arith::TruncIOp>(getI32Type(), active), count);
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, numbers, limit);
}

Value KernelBuilder::loadLanes(VectorType type, Value pointer, Value count) {
  Value mask = laneMask(type.getNumElements(), count);
  return LLVM::MaskedLoadOp::create(*this, type, pointer, mask, zeros(type), bytesOf(type.getElementType()));
}

void KernelBuilder::storeLanes(Value vector, Value pointer, Value count) {
  auto type = cast<VectorType>(vector.getType());
  Value mask = laneMask(type.getNumElements(), count);
  LLVM::MaskedStoreOp::create(*this, vector, pointer, mask, bytesOf(type.getElementType()));
}

void KernelBuilder::prefetch(Value pointer) {
  LLVM::Prefetch::create(*this, pointer, /*rw=*/0, /*hint=*/3, /*cache=*/1);
}

Value KernelBuilder::scratch(int64_t bytes) {
  scratchBytes += llvm::alignTo(bytes, 64);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(&body.front());
  return LLVM::AllocaOp::create(*this, pointerType(), getI8Type(), i64(bytes), /*alignment=*/64).getResult();
}

VectorType KernelBuilder::vectorType(Type element, int64_t count) { return VectorType::get({count}, element); }
Value KernelBuilder::f32(double value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(static_cast<float>(value)));
}

Value KernelBuilder::splat(double value, int64_t count) {
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(f32Vector(count), static_cast<float>(value)));
}

Value KernelBuilder::broadcast(Value scalar, int64_t count) {
  return vector::BroadcastOp::create(*this, vectorType(scalar.getType(), count), scalar);
}

Value KernelBuilder::zeros(VectorType type) {
  return arith::ConstantOp::create(*this, cast<TypedAttr>(getZeroAttr(type)));
}
Value KernelBuilder::addF(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
Value KernelBuilder::subF(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
Value KernelBuilder::mulF(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
Value KernelBuilder::divF(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }

Value KernelBuilder::maxF(Value a, Value b) {
  Value greater = arith::CmpFOp::create(*this, arith::CmpFPredicate::OGT, a, b);
  return arith::SelectOp::create(*this, greater, a, b); // one maxps
}

Value KernelBuilder::fma(Value a, Value b, Value c) { return math::FmaOp::create(*this, a, b, c); }
Value KernelBuilder::exp(Value x) { return math::ExpOp::create(*this, x); }
Value KernelBuilder::sqrt(Value x) { return math::SqrtOp::create(*this, x); }

static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

Value KernelBuilder::toF32(Value value) {
  Type element = getElementTypeOrSelf(value.getType());
  if (!isa<Float16Type, BFloat16Type>(element))
    return value;
  return arith::ExtFOp::create(*this, withElement(value.getType(), getF32Type()), value);
}

Value KernelBuilder::fromF32(Value value, Type element) {
  if (!isa<Float16Type, BFloat16Type>(element))
    return value;
  return arith::TruncFOp::create(*this, withElement(value.getType(), element), value);
}

// Lane i with lane i + n/2, then halves again: log2(n) steps.
Value KernelBuilder::foldPairs(Value vector, llvm::function_ref<Value(Value, Value)> combine) {
  int64_t count = cast<VectorType>(vector.getType()).getNumElements();
  for (int64_t half = count / 2; half >= 1; half /= 2) {
    SmallVector<int64_t> low(half), high(half);
    std::iota(low.begin(), low.end(), 0);
    std::iota(high.begin(), high.end(), half);
    Value a = vector::ShuffleOp::create(*this, vector, vector, low);
    Value b = vector::ShuffleOp::create(*this, vector, vector, high);
    vector = combine(a, b);
  }
  return vector::ExtractOp::create(*this, vector, ArrayRef<int64_t>{0});
}

Value KernelBuilder::horizontalSum(Value vector) {
  return foldPairs(vector, [&](Value a, Value b) { return addF(a, b); });
}

Value KernelBuilder::horizontalMax(Value vector) {
  return foldPairs(vector, [&](Value a, Value b) { return maxF(a, b); });
}

Value KernelBuilder::intrinsic(StringRef name, Type result, ValueRange operands) {
  if (!result)
    return LLVM::CallIntrinsicOp::create(*this, getStringAttr(name), operands), Value();
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name), operands).getResult(0);
}

Type KernelBuilder::pointerType() { return LLVM::LLVMPointerType::get(getContext()); }
