// The tile multiplier of linear kernels (AMX): a block of up to 32 rows times a few panels, its sums in tiles.
//
//   tiles                      for 32 rows x 2 panels
//   sums of (row tile, panel)  tmm0-3   16 x 16 f32
//   inputs of each row tile    tmm4-5   rows x 32 bf16, straight from the row-major input
//   weights of each panel      tmm6-7   16 steps x 16 pairs: 1 KiB of a panel as it is packed
//
// All row counts take this way, so that all buckets add in the same order; for few rows tiles are short and memory is
// the bound anyway. Tile numbers are given, not left to LLVM's allocator: rows of the last block change the shapes, and
// the allocator keeps one shape per register for a whole function. A depth that is no multiple of 32 ends in vector
// steps.
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

// Numbers of the tiles of a block.
LinearEmitter::TileNumbers LinearEmitter::tilesFor(int64_t rows, int64_t columns) {
  return {static_cast<int64_t>(llvm::divideCeil(rows, tileRows)), columns};
}

// The palette-1 configuration: bytes per row of tile i at 16 + 2 i, its rows at 48 + i.
void LinearEmitter::configureTiles(int64_t rows, int64_t columns) {
  TileNumbers tiles = tilesFor(rows, columns);
  std::array<int8_t, 64> bytes = {1};
  auto set = [&](int64_t tile, int64_t rowCount, int64_t width = tileRowBytes) {
    bytes[16 + 2 * tile] = static_cast<int8_t>(width);
    bytes[48 + tile] = static_cast<int8_t>(rowCount);
  };
  for (int64_t i = 0; i < tiles.rowTiles; ++i) {
    int64_t rowCount = std::min(rows - i * tileRows, tileRows);
    set(tiles.input(i), rowCount, tileInputs());
    for (int64_t c = 0; c < columns; ++c)
      set(tiles.sum(i, c), rowCount);
  }
  for (int64_t c = 0; c < columns; ++c)
    set(tiles.weights(c), tileInputs() / 4);
  if (!tileConfiguration)
    tileConfiguration = b.scratch(64);
  auto type = VectorType::get({64}, b.getI8Type());
  b.store(arith::ConstantOp::create(b, DenseElementsAttr::get(type, ArrayRef(bytes))), tileConfiguration, 64);
  b.intrinsic("llvm.x86.ldtilecfg", {}, {tileConfiguration});
}

void LinearEmitter::releaseTiles() { b.intrinsic("llvm.x86.tilerelease", {}, {}); }

void LinearEmitter::multiplyBlockInTiles(const Block &block, const Ahead &ahead) {
  if (codes)
    return multiplyCodesInTiles(block, ahead);
  int64_t columns = static_cast<int64_t>(block.panels.size()), rounds = block.steps / tileSteps;
  TileNumbers tiles = tilesFor(block.rows, columns);
  int64_t rowTiles = tiles.rowTiles;
  bool usual = block.rows == usualTiles.first && columns == usualTiles.second;
  if (rounds > 0) {
    if (!usual)
      configureTiles(block.rows, columns);
    auto forSums = [&](llvm::function_ref<void(Value tile, Value pointer)> visit) {
      for (int64_t i = 0; i < rowTiles; ++i)
        for (int64_t c = 0; c < columns; ++c) {
          Value row = b.add(block.row, i * tileRows);
          visit(tileNumber(b, tiles.sum(i, c)),
                b.at(b.at(block.sums.base, b.mul(row, block.sums.rowBytes())), (block.from + c) * sumBytes));
        }
    };
    Value sumStride = b.i64(block.sums.rowBytes()), inputStride = b.i64(rowStride), lineStride = b.i64(tileRowBytes);
    int64_t stepBytes = dot->inputsPerStep() * dot->inputBytes();
    Value rowInput = b.at(b.at(input, b.mul(block.row, rowStride)), b.mul(block.step, stepBytes));
    Values lines;
    for (Value panel : block.panels)
      lines.push_back(b.at(panel, b.mul(block.step, dot->lineBytes())));

    forSums([&](Value tile, Value pointer) { b.intrinsic("llvm.x86.tileloadd64", {}, {tile, pointer, sumStride}); });
    b.loop(0, rounds, 1, [&](Value round) {
      fetch(ahead, round);
      for (int64_t i = 0; i < rowTiles; ++i) {
        Value rows = b.at(b.at(rowInput, i * tileRows * rowStride), b.mul(round, tileSteps * stepBytes));
        b.intrinsic("llvm.x86.tileloadd64", {}, {tileNumber(b, tiles.input(i)), rows, inputStride});
      }
      for (int64_t c = 0; c < columns; ++c) {
        Value weights = b.at(lines[c], b.mul(round, tileSteps * dot->lineBytes()));
        b.intrinsic("llvm.x86.tileloadd64", {}, {tileNumber(b, tiles.weights(c)), weights, lineStride});
      }
      for (int64_t i = 0; i < rowTiles; ++i)
        for (int64_t c = 0; c < columns; ++c)
          b.intrinsic("llvm.x86.tdpbf16ps", {},
                      {tileNumber(b, tiles.sum(i, c)), tileNumber(b, tiles.input(i)), tileNumber(b, tiles.weights(c))});
    });
    forSums([&](Value tile, Value pointer) { b.intrinsic("llvm.x86.tilestored64", {}, {tile, pointer, sumStride}); });
    if (!usual)
      configureTiles(usualTiles.first, usualTiles.second);
  }
  if (int64_t left = block.steps - rounds * tileSteps) {
    Value step = b.add(block.step, rounds * tileSteps);
    forRowBlocks(block.row, block.rows, std::min<int64_t>(block.rows, 8), [&](Value row, int64_t rows) {
      multiplyBlock({block.panels, block.from, row, rows, step, left, block.sums}, {});
    });
  }
}
