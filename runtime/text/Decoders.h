// Decoders: how tokens become text again. `decoder` in tokenizer.json.
//
// Tokens pass through a chain of stages, one token after another, so that text can be shown while it is generated;
// decoding a whole list is the same chain, run to its end. A stage sees chunks of tokens: most are whole tokens, but
// what Fuse and ByteLevel give is one long token in many chunks, of which later stages wait for as little as they can.
//
// A new kind is one stage class in Decoders.cpp and one row in its table. Threads: a Decoder is immutable, a chain of
// stages belongs to one thread.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

// A part of a token, or all of it. The text is valid UTF-8.
struct Chunk {
  std::string_view text;
  bool begins = true; // whether this is the token's first part
  bool ends = true;   // whether it is its last
};

class DecodeSink {
public:
  virtual ~DecodeSink() = default;
  virtual void take(const Chunk &chunk) = 0;
};

// The running state of one decoder.
class DecodeStage {
public:
  virtual ~DecodeStage() = default;
  virtual void take(const Chunk &chunk, DecodeSink &next) = 0;
  // No more tokens come: give what is left.
  virtual void finish(DecodeSink &) {}
};

class Decoder {
public:
  virtual ~Decoder() = default;
  virtual std::unique_ptr<DecodeStage> start() const = 0;
  // At most this many times longer does text become (Growth.h).
  virtual double growth() const = 0;
};

// A sequence of decoders, the first one first.
using DecoderList = std::vector<std::unique_ptr<Decoder>>;

// Appends what `node` describes; a Sequence appends its members. Errors: Unsupported for a kind that is not in the
// table, InvalidFile for broken parameters.
Status parseDecoder(const JsonValue &node, DecoderList &out);
// What happens to tokens without a decoder: one space between them.
DecoderList joinWithSpaces();

// One decoding: a chain of stages with their state.
class DecodeChain {
public:
  // `decoders` must outlive the chain.
  explicit DecodeChain(const DecoderList &decoders);
  ~DecodeChain();
  // Both append to `out` what is settled: whole characters only.
  void push(std::string_view token, std::string &out);
  void finish(std::string &out);

private:
  class Link;
  std::vector<std::unique_ptr<DecodeStage>> stages_;
};

} // namespace tenon::text
