// The linear emitter's parts: the schedule (Linear.cpp) and what it multiplies blocks of rows with: floats
// (LinearVector.cpp, LinearAmx.cpp), dequantized floats (LinearDequantize.cpp) or codes (LinearCodes.cpp,
// LinearCodeTiles.cpp, LinearStage.cpp).
#pragma once

#include "codegen/cpu/CodeDot.h"
#include "codegen/cpu/CodeView.h"
#include "codegen/cpu/Dot.h"
#include "codegen/cpu/LinearPlan.h"

namespace tenon::codegen::cpu {

class LinearEmitter {
public:
  LinearEmitter(KernelBuilder &b, const LinearPlan &plan, const Dot &dot, kernel::TilingAttr tiling);
  LinearEmitter(KernelBuilder &b, const LinearPlan &plan, const CodeDot &codes, kernel::TilingAttr tiling);

  void emit();

private:
  static constexpr int64_t lanes = KernelBuilder::lanes;
  static constexpr int64_t sumBytes = lanes * 4;                                 // one 16-lane sum in scratch
  static constexpr int64_t maxSumBytes = KernelBuilder::maxScratchBytes * 3 / 4; // leaves room for prepared input
  static constexpr int64_t maxStageBytes = 48 << 10;
  using Values = llvm::SmallVector<mlir::Value>;

  // `count` panels of every linear of a group, `apart` from each other; `ragged`: outputs in the last panel, 0 for all
  // 16.
  // Its columns are (panel, linear) pairs, by panel, then linear.
  struct Tile {
    const LinearGroup &group;
    mlir::Value first, apart;
    int64_t count;
    int64_t ragged = 0;
    int64_t linears() const { return static_cast<int64_t>(group.linears.size()); }
    int64_t columns() const { return count * linears(); }
    mlir::Value panel(KernelBuilder &b, int64_t index) const { return b.add(first, b.mul(apart, index)); }
  };
  // What one pass over weights fetches meanwhile: for each panel, `lines` cache lines from `from`, which moves on by
  // `stride` bytes with each round of the loop. `mirrored`: the line at the same place as each line that is read.
  struct Ahead {
    Values from;
    int64_t lines = 0, stride = 0;
    bool mirrored = false;
  };
  // Sums in scratch, [rows][columns][16] f32 (i32 where they stay integers).
  struct Sums {
    mlir::Value base;
    int64_t columns;
    int64_t rowBytes() const { return columns * sumBytes; }
  };
  // Rows [row, row + rows) times columns [from, from + panels.size()) over steps [step, step + steps), added to `sums`.
  struct Block {
    llvm::ArrayRef<mlir::Value> panels; // where each panel begins
    int64_t from;
    mlir::Value row;
    int64_t rows;
    mlir::Value step;
    int64_t steps;
    Sums sums;
  };

  // --- Linear.cpp
  void prepareInput();
  int64_t widestTile(const LinearGroup &group);
  int64_t stepsPerBlock(int64_t columns);
  void emitGroup(const LinearGroup &group, mlir::Value begin, mlir::Value end);
  void emitTile(const Tile &tile);
  void emitTileThroughScratch(const Tile &tile, int64_t columnsAtOnce);
  void forRowBlocks(mlir::Value first, int64_t rows, int64_t block,
                    llvm::function_ref<void(mlir::Value row, int64_t count)> body);
  Values panelPointers(const Tile &tile);
  Ahead aheadInPass(llvm::ArrayRef<mlir::Value> panels, mlir::Value fromStep, int64_t stepsPerRound);
  Ahead aheadOfTile(llvm::ArrayRef<mlir::Value> next, mlir::Value row, int64_t stepCount, int64_t stepsPerRound);
  void fetch(const Ahead &ahead, mlir::Value round);
  void finish(const Tile &tile, mlir::Value row, int64_t rows, llvm::ArrayRef<mlir::Value> sums);
  // A sum before anything was added.
  mlir::Value zeroSum();

  // --- LinearVector.cpp: sums in registers
  // Steps in one round of the loop over depth. Few where there are many sums: LLVM moves the loads of a whole round to
  // its front, and they must not push sums out of registers.
  int64_t stepsPerRound(int64_t rows, int64_t columns) const;
  Values multiply(llvm::ArrayRef<mlir::Value> panels, mlir::Value row, int64_t rows, mlir::Value fromStep,
                  int64_t stepCount, const Ahead &ahead, Values sums);
  // The last step of a depth that is no multiple of the step.
  Values multiplyTail(llvm::ArrayRef<mlir::Value> panels, mlir::Value row, int64_t rows, Values sums);
  void takeStep(llvm::ArrayRef<mlir::Value> lines, mlir::Value input, int64_t rows, int64_t valid, Values &sums);
  void multiplyBlock(const Block &block, const Ahead &ahead);
  Values loadSums(const Sums &sums, mlir::Value row, int64_t rows, int64_t from, int64_t count);
  void storeSums(const Sums &sums, mlir::Value row, int64_t rows, int64_t from, int64_t count,
                 llvm::ArrayRef<mlir::Value> values);

  // --- LinearCodes.cpp: codes of weights and activations, integer sums of segments in registers
  // The weights of a pass, as packed or staged; row and steps count inputs.
  Values multiplyCodes(const CodeView &view, llvm::ArrayRef<mlir::Value> panels, mlir::Value row, int64_t rows,
                       mlir::Value fromStep, int64_t stepCount, const Ahead &ahead, Values sums);
  // One unit of which `inputs` inputs exist. `units`: where it begins in each panel; `index`: its number.
  struct Unit {
    const CodeView &view;
    Values units;
    mlir::Value row, index;
    int64_t rows, inputs;
    Values fetched; // the places to fetch, where ahead is mirrored
  };
  // The inputs of a unit that share all scales. `firstOfGroup`: the segment of the unit that begins its group of
  // weights; `lines`: offset in the unit; `number`: counted over the depth.
  struct Segment {
    int64_t firstOfGroup;
    mlir::Value lines, number;
  };
  void takeUnit(const Unit &unit, Values &sums);
  void takeGroup(const Unit &unit, int64_t first, int64_t inputs, Values &sums);
  Values takeLines(const Unit &unit, const Segment &segment, int64_t lines, Values sums);
  void takeLine(const Unit &unit, mlir::Value lineOffset, mlir::Value firstInput, Values &sums);
  Values startOfSegment(const Unit &unit, const Segment &segment);
  void addSegment(const Unit &unit, const Segment &segment, llvm::ArrayRef<mlir::Value> partial,
                  llvm::ArrayRef<mlir::Value> scales, Values &sums);
  int64_t longestProducts() const;
  Values scalesOf(const Unit &unit, int64_t firstOfGroup);
  mlir::Value rowInput(mlir::Value row, int64_t offset); // in row `row` of the input
  // The f32 value of a finished sum of `row` and a panel.
  mlir::Value toFloats(mlir::Value sum, mlir::Value panel, mlir::Value row);

  // --- LinearStage.cpp: codes unpacked once for all rows
  bool usesStage() {
    return dequantizes || (codes && packedView.bits == 4 && (usesTiles() || plan.rows > tiling.getRows()));
  }
  int64_t stagedBytes(int64_t columns, int64_t stepCount); // of that many steps of panels
  // Unpacks units [step, step + count) of the panels into scratch; where each begins there.
  Values stage(llvm::ArrayRef<mlir::Value> panels, mlir::Value step, int64_t count);
  void stageUnit(mlir::Value from, mlir::Value to);

  // --- LinearDequantize.cpp: codes made into floats once for all rows, for rows of floats
  int64_t dequantizedTogether() const; // inputs
  Values dequantize(llvm::ArrayRef<mlir::Value> panels, mlir::Value step, int64_t count);
  void dequantizeGroup(mlir::Value panel, mlir::Value index, mlir::Value to);

  // --- LinearAmx.cpp: sums in tile registers
  bool usesTiles() { return tiling.getDot() == "amx"; }
  static constexpr int64_t tileSteps = 16; // steps (pairs of inputs) in one tile
  struct TileNumbers {
    int64_t rowTiles, columns;
    int64_t sum(int64_t rowTile, int64_t column) const { return rowTile * columns + column; }
    int64_t input(int64_t rowTile) const { return rowTiles * columns + rowTile; }
    int64_t weights(int64_t column) const { return rowTiles * columns + rowTiles + column; }
  };
  static TileNumbers tilesFor(int64_t rows, int64_t columns);
  void configureTiles(int64_t rows, int64_t columns); // for blocks of that many
  void releaseTiles();
  void multiplyBlockInTiles(const Block &block, const Ahead &ahead);

  // --- LinearCodeTiles.cpp: integer sums in tile registers
  int64_t tileInputs() const; // codes of a row in one tile
  void multiplyCodesInTiles(const Block &block, const Ahead &ahead);
  void multiplyTiles(const TileNumbers &tiles, mlir::Value rowPointer, llvm::ArrayRef<mlir::Value> lines,
                     int64_t chunks, const Ahead &ahead);
  void moveSumTiles(llvm::StringRef intrinsic, const TileNumbers &tiles, mlir::Value row, int64_t from,
                    const Sums &sums);

  KernelBuilder &b;
  const LinearPlan &plan;
  const Dot *dot = nullptr;       // of floats
  const CodeDot *codes = nullptr; // of codes
  bool dequantizes = false;       // multiplies codes of weights by floats: `dot` sees dequantized weights
  CodeView packedView, stagedView;
  kernel::TilingAttr tiling;
  int64_t stepInputs, stepBytes; // of one step of the depth: inputs, bytes of a panel
  int64_t steps, panelBytes;     // whole steps over the depth; bytes of one panel
  mlir::Value input;             // row-major rows, rowStride bytes apart
  int64_t rowStride = 0;
  mlir::Value tileConfiguration;
  std::pair<int64_t, int64_t> usualTiles; // rows and columns that tiles are configured for except in odd blocks
  mlir::Value sumScratch;                 // for Sums, where sums do not stay in registers
  mlir::Value stageScratch;               // for staged panels
  mlir::Value tileScratch;                // for integer sums of one segment in tiles
};

} // namespace tenon::codegen::cpu
