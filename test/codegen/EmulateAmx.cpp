#include "test/codegen/EmulateAmx.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace {
constexpr int64_t tileBytes = 1024, rowBytes = 64;

class AmxEmulator {
public:
  explicit AmxEmulator(func::FuncOp func) : b(func.getLoc(), func.getContext()) {
    b.setInsertionPointToStart(&func.getBody().front());
    tiles = allocate(8 * tileBytes);
    configuration = allocate(64);
  }

  void rewrite(LLVM::CallIntrinsicOp op) {
    b.setInsertionPoint(op);
    b.setLoc(op.getLoc());
    StringRef name = op.getIntrin();
    if (name == "llvm.x86.ldtilecfg")
      configure(op.getOperand(0));
    else if (name == "llvm.x86.tileloadd64")
      load(number(op.getOperand(0)), op.getOperand(1), op.getOperand(2));
    else if (name == "llvm.x86.tilestored64")
      store(number(op.getOperand(0)), op.getOperand(1), op.getOperand(2));
    else if (name == "llvm.x86.tdpbf16ps")
      multiply(number(op.getOperand(0)), number(op.getOperand(1)), number(op.getOperand(2)));
    else if (name == "llvm.x86.tdpbsud")
      multiplyBytes(number(op.getOperand(0)), number(op.getOperand(1)), number(op.getOperand(2)));
    else if (name == "llvm.x86.tilezero")
      loop(i64(16), [&](Value i) { LLVM::StoreOp::create(b, zeroRow(), tileRow(number(op.getOperand(0)), i), 64); });
    else if (name != "llvm.x86.tilerelease")
      return;
    op.erase();
  }

private:
  Type pointerType() { return LLVM::LLVMPointerType::get(b.getContext()); }
  Value i64(int64_t v) { return arith::ConstantOp::create(b, b.getI64IntegerAttr(v)); }
  Value allocate(int64_t bytes) { return LLVM::AllocaOp::create(b, pointerType(), b.getI8Type(), i64(bytes), 64); }
  Value at(Value pointer, Value bytes) {
    return LLVM::GEPOp::create(b, pointerType(), b.getI8Type(), pointer, ValueRange{bytes});
  }
  Value times(Value a, Value c) { return arith::MulIOp::create(b, a, c); }
  static int64_t number(Value tile) {
    IntegerAttr constant;
    matchPattern(tile, m_Constant(&constant));
    return constant.getInt();
  }
  Value tileRow(int64_t tile, Value row) { return at(at(tiles, i64(tile * tileBytes)), times(row, i64(rowBytes))); }
  Value fromConfiguration(int64_t offset, Type type) {
    Value field = LLVM::LoadOp::create(b, type, at(configuration, i64(offset)), 1);
    return arith::ExtUIOp::create(b, b.getI64Type(), field);
  }
  Value rowsOf(int64_t tile) { return fromConfiguration(48 + tile, b.getI8Type()); }
  Value bytesOf(int64_t tile) { return fromConfiguration(16 + 2 * tile, b.getI16Type()); }
  void loop(Value end, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, i64(0), end, i64(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  VectorType row() { return VectorType::get({rowBytes}, b.getI8Type()); }
  Value zeroRow() { return arith::ConstantOp::create(b, cast<TypedAttr>(b.getZeroAttr(row()))); }
  // Bytes of a row below the tile's width.
  Value widthMask(int64_t tile) {
    SmallVector<int8_t> lane(rowBytes);
    for (auto [i, value] : llvm::enumerate(lane))
      value = static_cast<int8_t>(i);
    Value numbers = arith::ConstantOp::create(b, DenseElementsAttr::get(row(), ArrayRef<int8_t>(lane)));
    Value width = vector::BroadcastOp::create(b, row(), arith::TruncIOp::create(b, b.getI8Type(), bytesOf(tile)));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, numbers, width);
  }

  void configure(Value pointer) {
    LLVM::StoreOp::create(b, LLVM::LoadOp::create(b, row(), pointer, 1), configuration, 1);
    loop(i64(8 * 16), [&](Value i) { LLVM::StoreOp::create(b, zeroRow(), at(tiles, times(i, i64(rowBytes))), 64); });
  }
  void load(int64_t tile, Value pointer, Value stride) {
    loop(i64(16), [&](Value i) { LLVM::StoreOp::create(b, zeroRow(), tileRow(tile, i), 64); });
    loop(rowsOf(tile), [&](Value i) {
      Value bytes = LLVM::MaskedLoadOp::create(b, row(), at(pointer, times(i, stride)), widthMask(tile), zeroRow(), 1);
      LLVM::StoreOp::create(b, bytes, tileRow(tile, i), 64);
    });
  }
  void store(int64_t tile, Value pointer, Value stride) {
    loop(rowsOf(tile), [&](Value i) {
      Value bytes = LLVM::LoadOp::create(b, row(), tileRow(tile, i), 64);
      LLVM::MaskedStoreOp::create(b, bytes, at(pointer, times(i, stride)), widthMask(tile), 1);
    });
  }

  // For each row and column: even and odd products are summed apart, then together, then onto the sum.
  void multiply(int64_t sums, int64_t left, int64_t right) {
    VectorType floats = VectorType::get({16}, b.getF32Type()), ints = VectorType::get({16}, b.getI32Type());
    auto halves = [&](Value pairs) {
      auto constant = [&](int32_t v) -> Value { return arith::ConstantOp::create(b, DenseElementsAttr::get(ints, v)); };
      Value even = arith::ShLIOp::create(b, pairs, constant(16));
      Value odd = arith::AndIOp::create(b, pairs, constant(static_cast<int32_t>(0xffff0000)));
      return std::pair<Value, Value>(arith::BitcastOp::create(b, floats, even),
                                     arith::BitcastOp::create(b, floats, odd));
    };
    Value zero = arith::ConstantOp::create(b, DenseElementsAttr::get(floats, 0.0f));
    Value pairs = arith::DivUIOp::create(b, bytesOf(left), i64(4));
    loop(rowsOf(sums), [&](Value m) {
      auto inner = scf::ForOp::create(b, i64(0), pairs, i64(1), ValueRange{zero, zero});
      {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(inner.getBody());
        Value k = inner.getInductionVar();
        Value pair = LLVM::LoadOp::create(b, b.getI32Type(), at(tileRow(left, m), times(k, i64(4))), 4);
        auto [aEven, aOdd] = halves(vector::BroadcastOp::create(b, ints, pair));
        auto [bEven, bOdd] = halves(LLVM::LoadOp::create(b, ints, tileRow(right, k), 64));
        Value even = math::FmaOp::create(b, aEven, bEven, inner.getRegionIterArgs()[0]);
        Value odd = math::FmaOp::create(b, aOdd, bOdd, inner.getRegionIterArgs()[1]);
        scf::YieldOp::create(b, ValueRange{even, odd});
      }
      Value both = arith::AddFOp::create(b, inner.getResult(0), inner.getResult(1));
      Value before = LLVM::LoadOp::create(b, floats, tileRow(sums, m), 64);
      LLVM::StoreOp::create(b, arith::AddFOp::create(b, before, both), tileRow(sums, m), 64);
    });
  }

  // Signed bytes of `left` by unsigned ones of `right`, four to a sum.
  void multiplyBytes(int64_t sums, int64_t left, int64_t right) {
    VectorType ints = VectorType::get({16}, b.getI32Type());
    auto constant = [&](int32_t v) -> Value { return arith::ConstantOp::create(b, DenseElementsAttr::get(ints, v)); };
    Value fours = arith::DivUIOp::create(b, bytesOf(left), i64(4));
    loop(rowsOf(sums), [&](Value m) {
      loop(fours, [&](Value k) {
        Value four = LLVM::LoadOp::create(b, b.getI32Type(), at(tileRow(left, m), times(k, i64(4))), 4);
        Value a = vector::BroadcastOp::create(b, ints, four), c = LLVM::LoadOp::create(b, ints, tileRow(right, k), 64);
        Value sum = LLVM::LoadOp::create(b, ints, tileRow(sums, m), 64);
        for (int32_t byte = 0; byte < 4; ++byte) {
          auto top = [&](Value lanes) -> Value { return arith::ShLIOp::create(b, lanes, constant(24 - 8 * byte)); };
          Value x = arith::ShRSIOp::create(b, top(a), constant(24)),
                w = arith::ShRUIOp::create(b, top(c), constant(24));
          sum = arith::AddIOp::create(b, sum, arith::MulIOp::create(b, x, w));
        }
        LLVM::StoreOp::create(b, sum, tileRow(sums, m), 64);
      });
    });
  }

  ImplicitLocOpBuilder b;
  Value tiles, configuration;
};
} // namespace

void tenon::test::emulateAmx(func::FuncOp func) {
  SmallVector<LLVM::CallIntrinsicOp> calls;
  func.walk([&](LLVM::CallIntrinsicOp op) { calls.push_back(op); });
  if (llvm::none_of(calls, [](LLVM::CallIntrinsicOp op) { return op.getIntrin() == "llvm.x86.ldtilecfg"; }))
    return;
  AmxEmulator emulator(func);
  for (LLVM::CallIntrinsicOp op : calls)
    emulator.rewrite(op);
}
