// An engine, open and ready: the file mapped, the code loaded, one allocation made, threads waiting.
//
// A *sequence* is a slot of the engine: the tokens of one text, whose keys and values lie in pages of the KV pool. A
// *step* feeds tokens to any number of sequences at once: prompts in chunks, one token each, or both mixed. The step is
// cut into runs of the compiled row buckets (RowBuckets.h), and the rows whose logits are wanted go through the head.
//
// Memory: weights are mapped from the file; KV pages, step inputs and outputs and activations are ONE allocation made
// by open(), whose size the compiler wrote down. A step allocates nothing of the size of the model.
// Determinism: the same steps with the same thread count give the same bits.
// Threads: an Engine is used by one thread at a time; different engines are independent. Const methods that only read
// sizes (memory(), file(), limits()) may be called from anywhere.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/device/cpu/CpuSet.h"
#include "runtime/engine/EngineFile.h"
#include "runtime/program/Executor.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tenon {

struct EngineOptions {
  unsigned threads = 0;       // 0: one per core that this process may use
  cpu::CpuList cpus = {};     // logical CPUs to run on; empty: the pool chooses
  bool verifyWeights = false; // read all weights and compare their digests before the engine is ready
  // The keys of which one must have signed the engine; then weights are verified, too, unless they are trusted unread.
  std::optional<trust::PublicKeys> signers = {};
  bool skipWeightDigests = false; // with signers: a changed weight is not noticed
};

// Bytes, exactly. What `tenon plan` prints is the same sum.
struct MemoryUse {
  uint64_t weights = 0; // mapped, shared with other processes that use the same file
  uint64_t kv = 0;      // these three are the one allocation
  uint64_t io = 0;
  uint64_t arena = 0;
  uint64_t total() const { return weights + kv + io + arena; }
};

struct EngineLimits {
  uint32_t vocab;
  uint32_t maxSequences;
  uint32_t maxContext; // tokens of one sequence
  uint32_t pageTokens; // tokens of one KV page
  uint32_t pages;      // KV pages of all sequences together
  uint32_t maxRows;    // rows of the largest body bucket: prompts are best fed in multiples of it
};

// Names one sequence; a freed one never becomes valid again.
struct SequenceId {
  uint32_t slot = 0;
  uint32_t generation = 0; // 0 is never given out
  bool operator==(const SequenceId &) const = default;
};

// Tokens to append to one sequence in a step.
struct StepItem {
  SequenceId sequence;
  std::span<const int32_t> tokens;
  // How many of the last rows need logits: 0 none, 1 the last (what decoding needs), tokens.size() all.
  uint32_t logitRows = 1;
};

// Receives logits, row by row, in the order of the items and of the tokens in them.
class LogitsSink {
public:
  // Logits after tokens[token] of items[item]: one float per vocabulary entry. The row is the callee's to overwrite and
  // is gone when it returns. Must not call the engine.
  virtual void row(size_t item, size_t token, std::span<float> logits) = 0;

protected:
  ~LogitsSink() = default;
};

class Engine {
public:
  // Errors: those of EngineFile::open; Usage for skipWeightDigests without signers; HostUnfit when this machine lacks
  // an instruction or memory; Unsupported for more than one rank; Integrity; Resource.
  static Result<std::unique_ptr<Engine>> open(const std::string &path, const EngineOptions &options = {});
  // The same for an engine in memory (EngineFile::view).
  static Result<std::unique_ptr<Engine>> open(std::span<const uint8_t> bytes, const EngineOptions &options = {});
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;
  ~Engine();

  const EngineFile &file() const;
  uint32_t variantIndex() const; // which of ranks[0].variants this machine runs
  const schema::Variant &variant() const;
  MemoryUse memory() const;
  EngineLimits limits() const;
  unsigned threads() const;
  // How many of them took part in steps, on average over the time of all steps so far: fewer than threads() where other
  // processes took CPUs (cpu::ThreadPool).
  double meanThreads() const;

  // Errors: Constraint when all slots are taken.
  Result<SequenceId> createSequence();
  // Gives back the slot and its pages. Usage when the id is not that of a live sequence; so for all below.
  Status freeSequence(SequenceId id);
  // Tokens that the sequence holds.
  Result<uint32_t> length(SequenceId id) const;
  // Forgets all tokens from position `length` on, and frees the pages that only they used.
  Status truncate(SequenceId id, uint32_t length);

  uint32_t freePages() const;

  // Appends the tokens of all items and delivers the wanted logits. Either all of it happens, or an error comes before
  // anything has changed: Usage (an unknown sequence, one sequence twice, a token outside the vocabulary, more logits
  // than rows), Constraint (a sequence longer than maxContext, KV pages used up).
  Status step(std::span<const StepItem> items, LogitsSink &sink);

  // From now on every launch is timed (one clock read before and after each; a few percent on tiny models).
  void timeKernels(bool on);
  // One entry per kernel of variant(); all zero where timing is off. Reset by timeKernels(true).
  std::span<const KernelTime> kernelTimes() const;

private:
  struct State;
  static Result<std::unique_ptr<Engine>> start(EngineFile file, const EngineOptions &options);
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

} // namespace tenon
