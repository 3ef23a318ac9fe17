// The tile multiplier on codes (AMX): 16 rows of int8 inputs times 64 bytes of each line, unsigned codes as they lie.
//
//   no scale along the depth   sums stay in tiles over a block of depth: 16 lines of a panel, 64 inputs, at a time
//   groups                     tiles start at zero for each segment and go through scratch to be scaled there
// Both add what vectors add (LinearCodes.cpp), in the same order: results agree with those of few rows to the bit.
#include "codegen/cpu/LinearEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

// Inputs in one tile: all that fit, or a segment.
int64_t LinearEmitter::tileInputs() const {
  return codes && packedView.segment ? std::min<int64_t>(64, packedView.segment) : 64;
}

// Adds products of `chunks` tiles of inputs from `rowPointer` and of lines from each of `lines` to the sum tiles.
void LinearEmitter::multiplyTiles(const TileNumbers &tiles, Value rowPointer, ArrayRef<Value> lines, int64_t chunks,
                                  const Ahead &ahead) {
  auto number = [&](int64_t tile) -> Value {
    return arith::ConstantOp::create(b, b.getI8IntegerAttr(static_cast<int8_t>(tile)));
  };
  auto load = [&](int64_t tile, Value pointer, int64_t stride) {
    b.intrinsic("llvm.x86.tileloadd64", {}, {number(tile), pointer, b.i64(stride)});
  };
  b.loop(0, chunks, 1, [&](Value chunk) {
    fetch(ahead, chunk);
    for (int64_t i = 0; i < tiles.rowTiles; ++i)
      load(tiles.input(i), b.at(b.at(rowPointer, i * 16 * rowStride), b.mul(chunk, tileInputs())), rowStride);
    for (int64_t c = 0; c < tiles.columns; ++c)
      load(tiles.weights(c), b.at(lines[c], b.mul(chunk, tileInputs() / 4 * qt::kLineBytes)), qt::kLineBytes);
    for (int64_t i = 0; i < tiles.rowTiles; ++i)
      for (int64_t c = 0; c < tiles.columns; ++c)
        b.intrinsic("llvm.x86.tdpbsud", {},
                    {number(tiles.sum(i, c)), number(tiles.input(i)), number(tiles.weights(c))});
  });
}

// Moves sum tiles between registers and [rows][columns][16] in scratch.
void LinearEmitter::moveSumTiles(StringRef intrinsic, const TileNumbers &tiles, Value row, int64_t from,
                                 const Sums &sums) {
  for (int64_t i = 0; i < tiles.rowTiles; ++i)
    for (int64_t c = 0; c < tiles.columns; ++c) {
      Value tile =
          arith::ConstantOp::create(b, b.getI8IntegerAttr(static_cast<int8_t>(tiles.sum(i, c)))); // an immediate
      if (intrinsic == "llvm.x86.tilezero") {
        b.intrinsic(intrinsic, {}, {tile});
        continue;
      }
      Value pointer = b.at(b.at(sums.base, b.mul(b.add(row, i * 16), sums.rowBytes())), (from + c) * sumBytes);
      b.intrinsic(intrinsic, {}, {tile, pointer, b.i64(sums.rowBytes())});
    }
}

void LinearEmitter::multiplyCodesInTiles(const Block &block, const Ahead &ahead) {
  const CodeView &view = usesStage() ? stagedView : packedView;
  int64_t columns = static_cast<int64_t>(block.panels.size());
  TileNumbers tiles = tilesFor(block.rows, columns);
  bool usual = block.rows == usualTiles.first && columns == usualTiles.second;
  if (!usual)
    configureTiles(block.rows, columns);

  if (view.isWhole()) {
    constexpr int64_t together = 16;
    int64_t chunks = block.steps / together;
    Values lines;
    for (Value panel : block.panels)
      lines.push_back(b.at(b.at(panel, view.start), b.mul(block.step, view.unitBytes)));
    moveSumTiles("llvm.x86.tileloadd64", tiles, block.row, block.from, block.sums);
    multiplyTiles(tiles, b.at(rowInput(block.row, 0), b.mul(block.step, view.unitInputs)), lines, chunks, ahead);
    moveSumTiles("llvm.x86.tilestored64", tiles, block.row, block.from, block.sums);
    if (!usual)
      configureTiles(usualTiles.first, usualTiles.second);
    if (int64_t left = block.steps - chunks * together)
      forRowBlocks(block.row, block.rows, std::min<int64_t>(block.rows, 4), [&](Value row, int64_t rows) {
        multiplyBlock({block.panels, block.from, row, rows, b.add(block.step, chunks * together), left, block.sums},
                      {});
      });
    return;
  }

  Sums partial{tileScratch, columns};
  int64_t chunks = view.segment / tileInputs();
  b.loop(0, block.steps, 1, [&](Value step) {
    fetch(ahead, step);
    Value index = b.add(block.step, step), offset = b.mul(step, view.unitBytes);
    Values units;
    for (Value panel : block.panels) {
      Value first = view.isStaged ? panel : b.at(b.at(panel, view.start), b.mul(block.step, view.unitBytes));
      units.push_back(b.at(first, offset));
    }
    for (int64_t segment = 0; segment * view.segment < view.unitInputs; ++segment) {
      Values lines;
      for (Value unit : units)
        lines.push_back(b.at(unit, view.lines(segment)));
      Value inputs = b.at(rowInput(block.row, segment * view.segment), b.mul(index, view.unitInputs));
      moveSumTiles("llvm.x86.tilezero", tiles, {}, 0, partial);
      multiplyTiles(tiles, inputs, lines, chunks, {});
      moveSumTiles("llvm.x86.tilestored64", tiles, b.i64(0), 0, partial);
      forRowBlocks(b.i64(0), block.rows, std::min<int64_t>(block.rows, 4), [&](Value row, int64_t rows) {
        Unit unit{view, units, b.add(block.row, row), index, rows, view.unitInputs, {}};
        int64_t firstOfGroup = view.firstOfGroup(segment);
        Value number = b.add(b.mul(index, view.unitInputs / view.segment), segment);
        Segment here{firstOfGroup, b.i64(view.lines(segment)), number};
        Values integers = startOfSegment(unit, here);
        for (auto [i, start] : llvm::enumerate(integers)) {
          int64_t r = static_cast<int64_t>(i) / columns, c = static_cast<int64_t>(i) % columns;
          Value pointer = b.at(b.at(tileScratch, b.mul(b.add(row, r), partial.rowBytes())), c * sumBytes);
          start = arith::AddIOp::create(b, start, b.load(b.vectorType(b.getI32Type()), pointer, 64));
        }
        Values sums = loadSums(block.sums, unit.row, rows, block.from, columns);
        addSegment(unit, here, integers, view.scalesAtEnd() ? Values() : scalesOf(unit, firstOfGroup), sums);
        storeSums(block.sums, unit.row, rows, block.from, columns, sums);
      });
    }
  });
  if (!usual)
    configureTiles(usualTiles.first, usualTiles.second);
}
