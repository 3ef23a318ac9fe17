// One text being written: a sequence of an engine, its tokens and its sampler.
//
// Threads: sessions of one engine share its thread: one call at a time over all of them. The engine must outlive them.
#pragma once

#include "runtime/session/Engine.h"
#include "runtime/session/Sampler.h"

#include <functional>

namespace tenon {

enum class GenerateEnd { StopToken, MaxTokens, ContextFull, Cancelled };

struct GenerateOptions {
  uint32_t maxTokens = 0;              // 0: until a stop token or a full context
  std::span<const int32_t> stopTokens; // the model's own: stopTokensOf(engine)
};

// Called with each generated token, stop token excluded; false ends the generation.
using TokenCallback = std::function<bool(int32_t token)>;

class Session {
public:
  // Errors: Usage (parameters), Constraint (no free slot).
  static Result<std::unique_ptr<Session>> create(Engine &engine, const SamplingParams &params = {});
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;
  ~Session();

  Engine &engine() const { return engine_; }
  SequenceId sequence() const { return sequence_; }
  Sampler &sampler() { return sampler_; }
  // Everything the sequence holds: fed and generated, in order.
  std::span<const int32_t> tokens() const { return tokens_; }

  // Feeds `prompt` after what the session holds, then samples until an end. Every token reported has been fed as well,
  // but for the last one when the end is MaxTokens or Cancelled: it starts the next call's prompt by itself.
  // Errors: those of Engine::step; the session keeps what was fed before. Usage: nothing to start from.
  Result<GenerateEnd> generate(std::span<const int32_t> prompt, const GenerateOptions &options,
                               const TokenCallback &onToken);

  // Forgets all tokens from position `length` on. The sampler's penalty and draws restart from what remains.
  Status truncate(uint32_t length);

private:
  Session(Engine &engine, SequenceId sequence, const SamplingParams &params);

  Engine &engine_;
  SequenceId sequence_;
  Sampler sampler_;
  std::vector<int32_t> tokens_;
  std::vector<int32_t> pending_; // sampled, not fed yet
};

// The model's end-of-text ids, and its own sampling defaults (generation_config.json).
std::span<const int32_t> stopTokensOf(const Engine &engine);
SamplingParams defaultSampling(const Engine &engine);

} // namespace tenon
