// What an Engine holds. Private to runtime/session: Engine.cpp opens it and keeps the sequences, Step.cpp runs steps.
#pragma once

#include "runtime/device/cpu/CodeModule.h"
#include "runtime/device/cpu/Memory.h"
#include "runtime/device/cpu/ThreadPool.h"
#include "runtime/program/Executor.h"
#include "runtime/session/Engine.h"
#include "runtime/session/KvPages.h"
#include "runtime/session/RowBuckets.h"

namespace tenon {

// The step buffers of the io region (docs/formats/engine.md).
struct StepBuffers {
  int32_t *tokens;
  int32_t *positions;
  int32_t *slots;
  int32_t *segments;   // [segmentCapacity][4]: slot, first row, rows, context
  int32_t *blockTable; // [maxSequences][pagesPerSequence]
  int32_t *rows;
  float *logits; // [largest head bucket][vocab]
  uint32_t segmentCapacity;
  uint32_t pagesPerSequence;
};

struct Sequence {
  uint32_t generation = 0; // of its present or next life; odd while alive
  uint32_t length = 0;     // tokens
  uint32_t pages = 0;      // entries of its block table row in use
};

struct Engine::State {
  explicit State(EngineFile openedFile, uint32_t chosenVariant);

  Status checkItems(std::span<const StepItem> items) const;
  void admit(const StepItem &item);
  void run(std::span<const StepItem> items, LogitsSink &sink);
  void runHead(std::span<const StepItem> items, LogitsSink &sink);
  bool alive(SequenceId id) const;
  void releasePages(Sequence &sequence, uint32_t slot, uint32_t keep);

  EngineFile file;
  uint32_t variantIndex;
  const schema::Variant &variant;
  EngineLimits limits;
  RowBuckets body, head;
  KvPages pages;
  std::vector<Sequence> sequences;

  cpu::Memory memory;
  StepBuffers io{};
  std::unique_ptr<cpu::CodeModule> code;
  std::unique_ptr<cpu::ThreadPool> pool;
  std::unique_ptr<Executor> executor;

  // A row of the present run whose logits are wanted.
  struct Wanted {
    uint32_t row;   // of the run
    uint32_t item;  // of the step
    uint32_t token; // of the item
  };
  std::vector<Wanted> wanted;
};

} // namespace tenon
