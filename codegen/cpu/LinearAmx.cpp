// The tile multiplier of linear kernels (AMX): a block of up to 32 rows times 2 panels, its sums in 4 tiles.
//
//   tmm0 tmm1   sums of rows 0-15, columns 0 and 1        16 x 16 f32
//   tmm2 tmm3   sums of rows 16-31
//   tmm4 tmm5   inputs of rows 0-15 and 16-31             rows x 32 bf16, straight from the row-major input
//   tmm6 tmm7   weights of columns 0 and 1                16 steps x 16 pairs: 1 KiB of a panel as it is packed
//
// Four products per four tile loads. Tile numbers are given, not left to LLVM's allocator: rows of the last block change
// the shapes, and the allocator keeps one shape per register for a whole function. A depth that is no multiple of 32 ends
// in vector steps.
#include "codegen/cpu/LinearEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

static constexpr int64_t tileRows = 16, tileRowBytes = 64;

static Value tileNumber(KernelBuilder &b, int64_t number) {
  return arith::ConstantOp::create(b, b.getI8IntegerAttr(static_cast<int8_t>(number)));
}

// The palette-1 configuration: bytes per row of tile i at 16 + 2 i, its rows at 48 + i.
void LinearEmitter::configureTiles(int64_t rows) {
  int64_t upper = std::min(rows, tileRows), lower = rows - upper;
  const int64_t rowsOf[] = {upper, upper, lower, lower, upper, lower, tileRows, tileRows};
  std::array<int8_t, 64> bytes = {1};
  for (int64_t tile = 0; tile < 8; ++tile) {
    if (rowsOf[tile] == 0) // a tile that is not used
      continue;
    bytes[16 + 2 * tile] = tileRowBytes;
    bytes[48 + tile] = static_cast<int8_t>(rowsOf[tile]);
  }
  if (!tileConfiguration)
    tileConfiguration = b.scratch(64);
  auto type = VectorType::get({64}, b.getI8Type());
  b.store(arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef(bytes))), tileConfiguration, 64);
  b.intrinsic("llvm.x86.ldtilecfg", {}, {tileConfiguration});
}

void LinearEmitter::releaseTiles() { b.intrinsic("llvm.x86.tilerelease", {}, {}); }

void LinearEmitter::multiplyBlockInTiles(const Block &block, const Ahead &ahead) {
  int64_t columns = static_cast<int64_t>(block.panels.size()), rounds = block.steps / tileSteps;
  int64_t rowTiles = llvm::divideCeil(block.rows, tileRows), configured = std::min(tiling.getRows(), plan.rows);
  if (rounds > 0) {
    if (block.rows != configured)
      configureTiles(block.rows);
    auto forSums = [&](llvm::function_ref<void(Value tile, Value pointer)> visit) {
      for (int64_t i = 0; i < rowTiles; ++i)
        for (int64_t c = 0; c < columns; ++c) {
          Value row = b.add(block.row, i * tileRows);
          visit(tileNumber(b, 2 * i + c),
                b.at(b.at(block.sums.base, b.mul(row, block.sums.rowBytes())), (block.from + c) * sumBytes));
        }
    };
    Value sumStride = b.i64(block.sums.rowBytes()), inputStride = b.i64(rowStride), lineStride = b.i64(tileRowBytes);
    int64_t stepBytes = dot.inputsPerStep() * dot.inputBytes();
    Value rowInput = b.at(b.at(input, b.mul(block.row, rowStride)), b.mul(block.step, stepBytes));
    Values lines;
    for (Value panel : block.panels)
      lines.push_back(b.at(panel, b.mul(block.step, dot.lineBytes())));

    forSums([&](Value tile, Value pointer) { b.intrinsic("llvm.x86.tileloadd64", {}, {tile, pointer, sumStride}); });
    b.loop(0, rounds, 1, [&](Value round) {
      fetch(ahead, round);
      for (int64_t i = 0; i < rowTiles; ++i) {
        Value rows = b.at(b.at(rowInput, i * tileRows * rowStride), b.mul(round, tileSteps * stepBytes));
        b.intrinsic("llvm.x86.tileloadd64", {}, {tileNumber(b, 4 + i), rows, inputStride});
      }
      for (int64_t c = 0; c < columns; ++c) {
        Value weights = b.at(lines[c], b.mul(round, tileSteps * dot.lineBytes()));
        b.intrinsic("llvm.x86.tileloadd64", {}, {tileNumber(b, 6 + c), weights, lineStride});
      }
      for (int64_t i = 0; i < rowTiles; ++i)
        for (int64_t c = 0; c < columns; ++c)
          b.intrinsic("llvm.x86.tdpbf16ps", {}, {tileNumber(b, 2 * i + c), tileNumber(b, 4 + i), tileNumber(b, 6 + c)});
    });
    forSums([&](Value tile, Value pointer) { b.intrinsic("llvm.x86.tilestored64", {}, {tile, pointer, sumStride}); });
    if (block.rows != configured)
      configureTiles(configured);
  }
  if (int64_t left = block.steps - rounds * tileSteps) {
    Value step = b.add(block.step, rounds * tileSteps);
    forRowBlocks(block.row, block.rows, std::min<int64_t>(block.rows, 8), [&](Value row, int64_t rows) {
      multiplyBlock({block.panels, block.from, row, rows, step, left, block.sums}, {});
    });
  }
}
