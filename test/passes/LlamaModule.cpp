#include "test/passes/LlamaModule.h"
#include "dialects/engine/Engine.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon::test;

const char *const tenon::test::kFmaTarget =
    R"(#kernel.target<"cpu:x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", ["+avx2", "+fma"], "fma",
       {accumulators = 4, attention_span = 256, code_decode_rows = 4, code_depth = 512, code_panels = 1, code_prefetch = 2048, code_streams = 3, code_sums = 3, decode_rows = 4, gemm_depth = 256, gemm_panels = 1, gemm_rows = 4, inline_rows = 4, prefetch_bytes = 2048, split_rows = 8, weight_streams = 4}>)";
const char *const tenon::test::kAmxTarget =
    R"(#kernel.target<"cpu:sapphirerapids", "x86_64-unknown-linux-gnu", "x86-64-v4", ["+amx-bf16"], "amx",
       {accumulators = 24, attention_span = 256, code_decode_rows = 8, code_depth = 512, code_panels = 3, code_prefetch = 2048, code_streams = 8, code_sums = 12, decode_rows = 8, gemm_depth = 512, gemm_panels = 2, gemm_rows = 32, inline_rows = 4, prefetch_bytes = 2048, split_rows = 8, weight_streams = 8}>)";

LlamaShape LlamaShape::llama8B() {
  LlamaShape s;
  s.hidden = 4096, s.intermediate = 14336, s.heads = 32, s.kvHeads = 8, s.headDim = 128, s.vocab = 128256,
  s.layers = 32;
  s.context = 8192, s.sequences = 8;
  return s;
}

LlamaShape LlamaShape::llama70B() {
  LlamaShape s = llama8B();
  s.hidden = 8192, s.intermediate = 28672, s.heads = 64, s.layers = 80, s.sequences = 16;
  return s;
}

namespace {

class LlamaText {
public:
  LlamaText(const LlamaShape &shape, llvm::raw_ostream &os) : s(shape), os(os) {}

  void write(const std::string &target) {
    os << "module attributes {kernel.target = " << target << "} {\n";
    symbols();
    body();
    head();
    os << "}\n";
  }

private:
  using Name = std::string;

  static std::string tensor(llvm::Twine shape, const std::string &type) {
    return ("tensor<" + shape + "x" + type + ">").str();
  }
  static std::string rows(int64_t columns) { return tensor("?x" + llvm::Twine(columns), "f32"); }
  std::string matrix(int64_t n, int64_t k) const { return tensor(llvm::Twine(n) + "x" + llvm::Twine(k), s.type); }
  std::string gainType() const { return tensor(llvm::Twine(s.hidden), s.type); }
  std::string ropeType() const { return tensor(llvm::Twine(s.context) + "x" + llvm::Twine(s.headDim), "f32"); }
  std::string tableType() const { return tensor(llvm::Twine(s.sequences) + "x" + llvm::Twine(s.context / 64), "i32"); }
  std::string cacheType() const {
    return llvm::formatv("!model.cache<{0} x 64 x {1} x {2} x bf16>", s.sequences * s.context / 64, s.kvHeads,
                         s.headDim);
  }
  static Name layer(int64_t i, const char *name) { return llvm::formatv("layers.{0}.{1}", i, name); }

  void weight(const Name &name, const std::string &type) {
    os << llvm::formatv("model.weight @\"{0}\" : {1} from #model.checkpoint<\"{0}\", {1}> recipe []\n", name, type);
  }

  void symbols() {
    weight("embed", matrix(s.vocab, s.hidden));
    os << llvm::formatv("model.weight @rope : {0} from #model.rope_table<{1}, {2}, {{theta = 1.0e4}> recipe []\n",
                        ropeType(), s.context, s.headDim);
    for (int64_t i = 0; i < s.layers; ++i) {
      weight(layer(i, "attn_norm"), gainType());
      weight(layer(i, "q"), matrix(s.heads * s.headDim, s.hidden));
      weight(layer(i, "k"), matrix(s.kvHeads * s.headDim, s.hidden));
      weight(layer(i, "v"), matrix(s.kvHeads * s.headDim, s.hidden));
      weight(layer(i, "o"), matrix(s.hidden, s.heads * s.headDim));
      weight(layer(i, "mlp_norm"), gainType());
      weight(layer(i, "gate"), matrix(s.intermediate, s.hidden));
      weight(layer(i, "up"), matrix(s.intermediate, s.hidden));
      weight(layer(i, "down"), matrix(s.hidden, s.intermediate));
      os << "model.cache @\"" << layer(i, "cache") << "\" : " << cacheType() << "\n";
    }
    weight("norm", gainType());
    if (!s.tied)
      weight("lm_head", matrix(s.vocab, s.hidden));
  }

  // One op with one result: `text` after "%n = ".
  Name op(const llvm::Twine &text) {
    Name name = "%v" + std::to_string(next++);
    os << "  " << name << " = " << text << "\n";
    return name;
  }
  Name getWeight(const Name &name, const std::string &type) {
    return op("model.get_weight @\"" + name + "\" : " + type);
  }
  Name linear(const Name &x, const Name &name, int64_t n, int64_t k) {
    Name w = getWeight(name, matrix(n, k));
    return op("model.linear " + x + ", " + w + " : " + rows(k) + ", " + matrix(n, k) + " -> " + rows(n));
  }
  Name norm(const Name &x, const Name &name) {
    Name gain = getWeight(name, gainType());
    return op("model.rms_norm " + x + ", " + gain + " eps 1.0e-05 : " + rows(s.hidden) + ", " + gainType() + " -> " +
              rows(s.hidden));
  }
  Name rope(const Name &x, const Name &table, int64_t heads) {
    std::string type = rows(heads * s.headDim);
    return op("model.rope " + x + ", %positions, " + table + " heads " + llvm::Twine(heads) + " : " + type +
              ", tensor<?xi32>, " + ropeType() + " -> " + type);
  }

  Name attention(const Name &h, int64_t i, const Name &table) {
    int64_t width = s.heads * s.headDim, kvWidth = s.kvHeads * s.headDim;
    Name q = linear(h, layer(i, "q"), width, s.hidden), k = linear(h, layer(i, "k"), kvWidth, s.hidden),
         v = linear(h, layer(i, "v"), kvWidth, s.hidden);
    q = rope(q, table, s.heads);
    k = rope(k, table, s.kvHeads);
    Name cache = op("model.get_cache @\"" + layer(i, "cache") + "\" : " + cacheType());
    os << llvm::formatv("  model.cache_append {0}, {1} into {2} at %positions, %slots, %table : {3}, {3}, {4}, "
                        "tensor<?xi32>, tensor<?xi32>, {5}\n",
                        k, v, cache, rows(kvWidth), cacheType(), tableType());
    Name a = op("model.attention " + q + " over " + cache + " at %segments, %table heads " + llvm::Twine(s.heads) +
                " scale 0.125 : " + rows(width) + ", " + cacheType() + ", tensor<?x4xi32>, " + tableType() + " -> " +
                rows(width));
    return linear(a, layer(i, "o"), s.hidden, width);
  }

  Name mlp(const Name &h, int64_t i) {
    std::string wide = rows(s.intermediate);
    Name gate = op("model.activation silu " + linear(h, layer(i, "gate"), s.intermediate, s.hidden) + " : " + wide);
    Name up = linear(h, layer(i, "up"), s.intermediate, s.hidden);
    return linear(op("model.mul " + gate + ", " + up + " : " + wide), layer(i, "down"), s.hidden, s.intermediate);
  }

  void body() {
    os << "func.func @body(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %slots: tensor<?xi32>, %segments: "
          "tensor<?x4xi32>, %table: "
       << tableType() << ") -> " << rows(s.hidden) << " attributes {model.entry = \"body\"} {\n";
    Name embed = getWeight("embed", matrix(s.vocab, s.hidden));
    Name x = op("model.embedding %tokens, " + embed + " : tensor<?xi32>, " + matrix(s.vocab, s.hidden) + " -> " +
                rows(s.hidden));
    Name table = getWeight("rope", ropeType());
    auto add = [&](const Name &y) { x = op("model.add " + x + ", " + y + " : " + rows(s.hidden)); };
    for (int64_t i = 0; i < s.layers; ++i) {
      add(attention(norm(x, layer(i, "attn_norm")), i, table));
      add(mlp(norm(x, layer(i, "mlp_norm")), i));
    }
    os << "  return " << x << " : " << rows(s.hidden) << "\n}\n";
  }

  void head() {
    std::string type = rows(s.hidden);
    os << "func.func @head(%hidden: " << type << ", %rows: tensor<?xi32>) -> " << rows(s.vocab)
       << " attributes {model.entry = \"head\"} {\n";
    Name selected = op("model.select_rows %hidden, %rows : " + type + ", tensor<?xi32> -> " + type);
    Name logits = linear(norm(selected, "norm"), s.tied ? "embed" : "lm_head", s.vocab, s.hidden);
    os << "  return " << logits << " : " << rows(s.vocab) << "\n}\n";
  }

  const LlamaShape &s;
  llvm::raw_ostream &os;
  unsigned next = 0;
};

} // namespace

std::string tenon::test::llamaText(const LlamaShape &shape, const std::string &target) {
  std::string text;
  llvm::raw_string_ostream os(text);
  LlamaText(shape, os).write(target);
  return text;
}

mlir::OwningOpRef<mlir::ModuleOp> tenon::test::llamaModule(mlir::MLIRContext &context, const LlamaShape &shape,
                                                           const std::string &target) {
  context.loadDialect<mlir::func::FuncDialect, model::ModelDialect, kernel::KernelDialect, engine::EngineDialect>();
  return mlir::parseSourceString<mlir::ModuleOp>(llamaText(shape, target), &context);
}
