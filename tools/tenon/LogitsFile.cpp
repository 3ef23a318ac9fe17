#include "tools/tenon/LogitsFile.h"

#include "runtime/base/Bytes.h"
#include "runtime/io/OutputFile.h"
#include "tools/cli/Npy.h"

#include <algorithm>
#include <cassert>

namespace tenon::cli {
namespace {

class Rows final : public LogitsSink {
public:
  Rows(io::OutputFile &file, uint64_t base) : file_(file), base_(base) {}
  void row(size_t, size_t token, std::span<float> logits) override {
    if (!status.isOk())
      return;
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(logits.data()), logits.size_bytes());
    status = file_.write(base_ + (first + token) * logits.size_bytes(), bytes);
  }

  uint64_t first = 0; // position of the chunk's first token
  Status status;

private:
  io::OutputFile &file_;
  uint64_t base_;
};

} // namespace

Status writeLogits(Engine &engine, std::span<const int32_t> tokens, const std::string &path) {
  const EngineLimits limits = engine.limits();
  assert(tokens.size() <= limits.maxContext && "InputText refuses longer prompts");
  TENON_TRY(io::checkOutput(path, {&engine.file().path(), 1}));
  const std::string header = npyHeader(tokens.size(), limits.vocab);
  TENON_ASSIGN(io::OutputFile file,
               io::OutputFile::create(path, header.size() + tokens.size() * limits.vocab * sizeof(float)));
  TENON_TRY(file.write(0, bytesOf(header)));
  TENON_ASSIGN(const SequenceId sequence, engine.createSequence());
  Rows rows(file, header.size());
  Status status;
  for (size_t at = 0; status.isOk() && at < tokens.size();) {
    const auto chunk = tokens.subspan(at, std::min<size_t>(limits.maxRows, tokens.size() - at));
    const StepItem item{sequence, chunk, static_cast<uint32_t>(chunk.size())};
    rows.first = at;
    status = engine.step({&item, 1}, rows);
    if (status.isOk())
      status = rows.status;
    at += chunk.size();
  }
  TENON_TRY(engine.freeSequence(sequence));
  TENON_TRY(std::move(status));
  return file.commit();
}

} // namespace tenon::cli
