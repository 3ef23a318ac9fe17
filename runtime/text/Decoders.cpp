#include "runtime/text/Decoders.h"

#include "runtime/text/ByteAlphabet.h"
#include "runtime/text/JsonFields.h"
#include "runtime/text/Kinds.h"
#include "runtime/text/Metaspace.h"
#include "runtime/text/Pattern.h"
#include "runtime/text/Unicode.h"

#include <optional>

namespace tenon::text {

namespace {

// A decoder that is its stage's parameters: Stage(const Options &).
template <typename Stage> class DecoderOf : public Decoder {
public:
  explicit DecoderOf(typename Stage::Options options) : options_(std::move(options)) {}
  std::unique_ptr<DecodeStage> start() const override { return std::make_unique<Stage>(options_); }
  double growth() const override { return Stage::growth(options_); }

private:
  typename Stage::Options options_;
};

// What most stages say of growth: none.
class SteadyStage : public DecodeStage {
public:
  template <typename Options> static double growth(const Options &) { return 1; }
};

// A stage that needs whole tokens: it waits for the rest of those that come in parts.
class WholeTokenStage : public SteadyStage {
public:
  void take(const Chunk &chunk, DecodeSink &next) final {
    if (chunk.begins && chunk.ends) {
      token(chunk.text, next);
      return;
    }
    waiting_ += chunk.text;
    if (!chunk.ends)
      return;
    std::string whole;
    whole.swap(waiting_);
    token(whole, next);
  }

protected:
  virtual void token(std::string_view text, DecodeSink &next) = 0;

private:
  std::string waiting_;
};

// Gives everything as one token, part by part.
class OneTokenOutput {
public:
  void give(std::string_view text, DecodeSink &next) {
    if (text.empty())
      return;
    next.take({text, !begun_, false});
    begun_ = true;
  }
  void finish(DecodeSink &next) { next.take({{}, !begun_, true}); }

private:
  bool begun_ = false;
};

// {"type": "Fuse"}: all tokens become one.
class FuseStage : public SteadyStage {
public:
  struct Options {
    static Result<Options> parse(const JsonValue &) { return Options(); }
  };
  explicit FuseStage(const Options &) {}
  void take(const Chunk &chunk, DecodeSink &next) override { output_.give(chunk.text, next); }
  void finish(DecodeSink &next) override { output_.finish(next); }

private:
  OneTokenOutput output_;
};

// {"type": "ByteLevel", ...}: characters of the alphabet of bytes become bytes; a token with any other character stays
// as it is. Bytes that are not UTF-8 become U+FFFD.
class ByteLevelStage : public WholeTokenStage {
public:
  struct Options {
    static Result<Options> parse(const JsonValue &) { return Options(); }
  };
  explicit ByteLevelStage(const Options &) {}
  static double growth(const Options &) { return 3; } // a byte becomes U+FFFD
  void token(std::string_view text, DecodeSink &next) override {
    std::string bytes;
    for (size_t at = 0; at < text.size();) {
      Character character = characterAt(text, at);
      int byte = byteOfCharacter(character.code);
      if (byte < 0) {
        bytes = text;
        break;
      }
      bytes.push_back(static_cast<char>(byte));
      at += character.length;
    }
    std::string out;
    utf8_.push(bytes, out);
    output_.give(out, next);
  }
  void finish(DecodeSink &next) override {
    std::string out;
    utf8_.finish(out);
    output_.give(out, next);
    output_.finish(next);
  }

private:
  LossyUtf8 utf8_;
  OneTokenOutput output_;
};

// {"type": "ByteFallback"}: a run of tokens <0x00> to <0xFF> becomes its characters, or U+FFFD for every byte when the
// run as a whole is not UTF-8. Nothing of a run can be shown before it ends.
class ByteFallbackStage : public WholeTokenStage {
public:
  struct Options {
    static Result<Options> parse(const JsonValue &) { return Options(); }
  };
  explicit ByteFallbackStage(const Options &) {}
  void token(std::string_view text, DecodeSink &next) override {
    int byte = byteOf(text);
    if (byte >= 0) {
      run_.push_back(static_cast<char>(byte));
      return;
    }
    finish(next);
    next.take({text});
  }
  void finish(DecodeSink &next) override {
    if (run_.empty())
      return;
    std::string run;
    run.swap(run_);
    if (isUtf8(run))
      next.take({run});
    else
      for (size_t i = 0; i < run.size(); ++i)
        next.take({replacementCharacter});
  }

private:
  // Rust reads two hexadecimal digits of either case, or a plus sign and one.
  static int byteOf(std::string_view text) {
    if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>')
      return -1;
    auto digit = [](char c) {
      return c >= '0' && c <= '9'   ? c - '0'
             : c >= 'a' && c <= 'f' ? c - 'a' + 10
             : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                    : -1;
    };
    int high = text[3] == '+' ? 0 : digit(text[3]), low = digit(text[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }
  std::string run_;
};

// {"type": "Metaspace", ...}: marks become spaces; those of the first token go away unless prepend_scheme is "never".
class MetaspaceStage : public SteadyStage {
public:
  using Options = MetaspaceOptions;
  explicit MetaspaceStage(const Options &options) : options_(options) {}
  void take(const Chunk &chunk, DecodeSink &next) override {
    std::string out;
    bool drop = first_ && options_.scheme != PrependScheme::Never;
    for (size_t at = 0; at < chunk.text.size();) {
      std::string_view character = chunk.text.substr(at, utf8Length(chunk.text[at]));
      at += character.size();
      if (character != options_.replacement)
        out += character;
      else if (!drop)
        out += ' ';
    }
    if (chunk.ends)
      first_ = false;
    next.take({out, chunk.begins, chunk.ends});
  }

private:
  Options options_;
  bool first_ = true;
};

// {"type": "Strip", "content": character, "start": n, "stop": m}: up to n of the character at a token's beginning and m
// at its end go away.
class StripStage : public SteadyStage {
public:
  struct Options {
    std::string character;
    uint64_t start = 0;
    uint64_t stop = 0;
    static Result<Options> parse(const JsonValue &node) {
      Options options;
      TENON_ASSIGN(options.character, parseCharacter(node, "content"));
      for (auto [key, count] : {std::pair("start", &options.start), std::pair("stop", &options.stop)}) {
        TENON_ASSIGN(JsonValue value, node.member(key));
        TENON_ASSIGN(*count, value.unsignedInteger());
      }
      return options;
    }
  };
  explicit StripStage(const Options &options) : options_(options) {}
  void take(const Chunk &chunk, DecodeSink &next) override {
    if (chunk.begins) {
      left_ = options_.start;
      held_ = 0;
    }
    std::string out;
    for (size_t at = 0; at < chunk.text.size();) {
      std::string_view character = chunk.text.substr(at, utf8Length(chunk.text[at]));
      at += character.size();
      bool matches = character == options_.character;
      if (left_ > 0 && matches) {
        --left_;
        continue;
      }
      left_ = 0;
      if (matches && held_ < options_.stop) { // goes away if the token ends here
        ++held_;
        continue;
      }
      if (!matches)
        for (; held_ > 0; --held_)
          out += options_.character;
      out += character;
    }
    next.take({out, chunk.begins, chunk.ends});
  }

private:
  Options options_;
  uint64_t left_ = 0; // how many may still go at the beginning
  uint64_t held_ = 0; // how many at the end so far wait
};

// {"type": "Replace", "pattern": ..., "content": text}: every match within a token becomes the content.
class ReplaceStage : public DecodeStage {
public:
  struct Options {
    std::shared_ptr<const Pattern> pattern;
    std::string content;
    static Result<Options> parse(const JsonValue &node) {
      Options options;
      TENON_ASSIGN(JsonValue patternNode, node.member("pattern"));
      TENON_ASSIGN(Pattern pattern, Pattern::parse(patternNode));
      options.pattern = std::make_shared<const Pattern>(std::move(pattern));
      TENON_ASSIGN(options.content, stringAt(node, "content"));
      return options;
    }
  };
  explicit ReplaceStage(const Options &options) : options_(options) {}
  static double growth(const Options &options) { return options.pattern->growthBy(options.content); }

  void take(const Chunk &chunk, DecodeSink &next) override {
    waiting_ += chunk.text;
    std::string_view ready = chunk.ends ? std::string_view(waiting_) : settled();
    std::string out;
    std::vector<Match> matches;
    // A pattern that gives up leaves the text as it is: decoding has no way to fail, and the text is right but for
    // this.
    if (!ready.empty() && !options_.pattern->cut(ready, matches).isOk())
      matches.assign(1, {0, ready.size(), false});
    for (const Match &match : matches)
      out += match.isMatch ? std::string_view(options_.content) : ready.substr(match.begin, match.end - match.begin);
    waiting_.erase(0, ready.size());
    next.take({out, chunk.begins, chunk.ends});
  }

private:
  // The part of what waits that no later text can change: all but the beginning of a match. Where a regular expression
  // matches may depend on all that follows, so that it waits for the token's end.
  std::string_view settled() const {
    std::string_view literal = options_.pattern->literal(), text = waiting_;
    if (literal.empty())
      return {};
    size_t done = 0;
    for (size_t at = text.find(literal); at != std::string_view::npos; at = text.find(literal, done))
      done = at + literal.size();
    size_t keep = std::min(literal.size() - 1, text.size() - done);
    while (keep > 0 && text.substr(text.size() - keep) != literal.substr(0, keep))
      --keep;
    return text.substr(0, text.size() - keep);
  }

  Options options_;
  std::string waiting_;
};

// No decoder at all: one space between tokens.
class SpacesStage : public SteadyStage {
public:
  struct Options {};
  explicit SpacesStage(const Options &) {}
  void take(const Chunk &chunk, DecodeSink &next) override {
    if (begun_)
      next.take({" "});
    begun_ = true;
    next.take(chunk);
  }

private:
  bool begun_ = false;
};

using DecoderResult = Result<DecoderList>;

template <typename Stage> DecoderResult parseStage(const JsonValue &node) {
  TENON_ASSIGN(typename Stage::Options options, Stage::Options::parse(node));
  DecoderList list;
  list.push_back(std::make_unique<DecoderOf<Stage>>(std::move(options)));
  return list;
}

DecoderResult parseSequence(const JsonValue &node) {
  TENON_ASSIGN(JsonElements items, elementsAt(node, "decoders"));
  DecoderList list;
  for (JsonValue item : items)
    TENON_TRY(parseDecoder(item, list));
  return list;
}

constexpr Kind<DecoderResult> kinds[] = {
    {"Sequence", parseSequence},
    {"ByteLevel", parseStage<ByteLevelStage>},
    {"Metaspace", parseStage<MetaspaceStage>},
    {"ByteFallback", parseStage<ByteFallbackStage>},
    {"Replace", parseStage<ReplaceStage>},
    {"Fuse", parseStage<FuseStage>},
    {"Strip", parseStage<StripStage>},
};

} // namespace

Status parseDecoder(const JsonValue &node, DecoderList &out) {
  TENON_ASSIGN(DecoderList list, parseKind(node, "decoder", kinds));
  for (std::unique_ptr<Decoder> &decoder : list)
    out.push_back(std::move(decoder));
  return Status::ok();
}

DecoderList joinWithSpaces() {
  DecoderList list;
  list.push_back(std::make_unique<DecoderOf<SpacesStage>>(SpacesStage::Options()));
  return list;
}

// Hands chunks to the stage at `index`, or to the output behind the last one.
class DecodeChain::Link : public DecodeSink {
public:
  Link(DecodeChain &chain, size_t index, std::string &out) : chain_(chain), index_(index), out_(out) {}
  void take(const Chunk &chunk) override {
    if (index_ == chain_.stages_.size()) {
      out_ += chunk.text;
      return;
    }
    Link next(chain_, index_ + 1, out_);
    chain_.stages_[index_]->take(chunk, next);
  }

private:
  DecodeChain &chain_;
  size_t index_;
  std::string &out_;
};

DecodeChain::DecodeChain(const DecoderList &decoders) {
  for (const std::unique_ptr<Decoder> &decoder : decoders)
    stages_.push_back(decoder->start());
}

DecodeChain::~DecodeChain() = default;

void DecodeChain::push(std::string_view token, std::string &out) { Link(*this, 0, out).take({token}); }

void DecodeChain::finish(std::string &out) {
  for (size_t i = 0; i < stages_.size(); ++i) {
    Link next(*this, i + 1, out);
    stages_[i]->finish(next);
  }
}

} // namespace tenon::text
