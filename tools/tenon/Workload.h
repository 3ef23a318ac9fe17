// The work that `tenon bench` times: prompts and decode steps of made-up tokens on an open engine.
#pragma once

#include "runtime/session/Engine.h"

#include <vector>

namespace tenon::cli {

class Workload {
public:
  // `batch` sequences (at least one) that hold `context` tokens each. Errors: Constraint when the engine has no room.
  static Result<Workload> create(Engine &engine, uint32_t batch, uint32_t context);
  ~Workload();
  Workload(Workload &&) noexcept;
  Workload &operator=(Workload &&) = delete;

  // Seconds to feed a prompt of `tokens` tokens to an empty sequence, logits of the last one included. It takes the
  // first sequence's place, whose context is gone until refill(): call that before decode().
  Result<double> prefill(uint32_t tokens);
  Status refill();
  // Seconds for `steps` decode steps of all sequences, which are then cut back to the context.
  Result<double> decode(uint32_t steps);

private:
  explicit Workload(Engine &engine) : engine_(&engine) {}
  Status fill(SequenceId id, uint32_t tokens, uint32_t logitRows);

  Engine *engine_;
  std::vector<SequenceId> sequences_;
  uint32_t context_ = 0;
};

} // namespace tenon::cli
