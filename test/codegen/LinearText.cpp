#include "test/codegen/LinearText.h"
#include "dialects/qt/Qt.h"
#include "mlir/AsmParser/AsmParser.h"
#include "test/codegen/KernelHarness.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace tenon;
using llvm::formatv;

static std::string matrix(int64_t rows, int64_t columns, const std::string &type) {
  return formatv("tensor<{0}x{1}x{2}>", rows, columns, type);
}

static qt::Scheme schemeOf(const std::string &text) {
  return llvm::cast<qt::Scheme>(mlir::parseAttribute(text, &tenon::test::context()));
}

std::string tenon::test::LinearText::inputType() const {
  if (!quantized() || floats)
    return narrow ? "bf16" : "f32";
  int64_t group = schemeOf(weight).getStorage().group;
  int64_t sums = group && rowGroup ? std::min(group, rowGroup) : std::max(group, rowGroup);
  return formatv("!qt.quantized<#qt.rows_int8<group = {0}, sums = {1}, zero = {2}>>", rowGroup, sums,
                 schemeOf(weight).getStorage().rowZero());
}
std::string tenon::test::LinearText::weightType() const {
  return quantized() ? "!qt.quantized<" + weight + ">" : weight;
}

std::string tenon::test::LinearText::text() const {
  std::string inputType = this->inputType(), weight = weightType();
  std::vector<std::string> names, types, layouts, body, results, resultTypes;
  auto operand = [&](const std::string &name, const std::string &type, const std::string &layout = "unit") {
    names.push_back("%" + name + ": " + type);
    types.push_back(type);
    layouts.push_back(layout);
    return "%" + name;
  };
  int64_t together = quantized() ? schemeOf(this->weight).panelInputs() : weight == "bf16" ? 2 : 1;
  std::string packed = formatv("#kernel.packed<n = 16, k = {0}>", together);

  std::string wide = matrix(rows, inputs, "f32"), xType = matrix(rows, inputs, inputType), x;
  if (!prepared()) {
    x = operand("x", xType);
  } else {
    std::string source = matrix(select ? 3 * rows : rows, inputs, "f32");
    x = operand("x", source);
    if (select) {
      std::string indices = operand("rows", formatv("tensor<{0}xi32>", rows));
      body.push_back(
          formatv("%s = model.select_rows {0}, {1} : {2}, tensor<{3}xi32> -> {4}", x, indices, source, rows, wide));
      x = "%s";
    }
    if (norm) {
      std::string gain = operand("gain", formatv("tensor<{0}xf32>", inputs));
      body.push_back(
          formatv("%n = model.rms_norm {0}, {1} eps 1.0e-5 : {2}, tensor<{3}xf32> -> {2}", x, gain, wide, inputs));
      x = "%n";
    }
    if (quantized() && !floats) {
      body.push_back(formatv("%c = qt.quantize_rows {0} : {1} -> {2}", x, wide, xType));
      x = "%c";
    } else if (narrow) {
      body.push_back(formatv("%c = model.cast {0} : {1} -> {2}", x, wide, xType));
      x = "%c";
    }
  }

  auto linear = [&](const std::string &name, int64_t outputs) {
    std::string w = operand("w" + name, matrix(outputs, inputs, weight), packed), wType = types.back();
    std::string result = matrix(rows, outputs, "f32"), b, bType;
    if (bias) {
      bType = formatv(", tensor<{0}xf32>", outputs);
      b = " bias " + operand("b" + name, formatv("tensor<{0}xf32>", outputs));
    }
    body.push_back(
        formatv("%y{0} = model.linear {1}, {2}{3} : {4}, {5}{6} -> {7}", name, x, w, b, xType, wType, bType, result));
    return "%y" + name;
  };
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::string id = std::to_string(i), type = matrix(rows, outputs[i], "f32"), y = linear(id, outputs[i]);
    auto step = [&](const std::string &name, const std::string &op) {
      body.push_back("%" + name + id + " = " + op);
      y = "%" + name + id;
    };
    if (gateUp) {
      std::string up = linear("up" + id, outputs[i]);
      step("g", "model.activation silu " + y + " : " + type);
      step("m", "model.mul " + y + ", " + up + " : " + type);
    }
    if (!activation.empty())
      step("a", "model.activation " + activation + " " + y + " : " + type);
    if (residual)
      step("r", "model.add " + operand("res" + id, type) + ", " + y + " : " + type);
    if (narrowOut) {
      step("o", "model.cast " + y + " : " + type + " -> " + matrix(rows, outputs[i], "bf16"));
      type = matrix(rows, outputs[i], "bf16");
    }
    results.push_back(y);
    resultTypes.push_back(type);
  }
  return formatv(
      "kernel.func @k \"linear\" ({0}) -> ({1}) layouts [{2}] {{\n^bb0({3}):\n  {4}\n  kernel.yield {5} : {1}\n}\n",
      llvm::join(types, ", "), llvm::join(resultTypes, ", "), llvm::join(layouts, ", "), llvm::join(names, ", "),
      llvm::join(body, "\n  "), llvm::join(results, ", "));
}

int64_t tenon::test::LinearText::weightBytes() const {
  int64_t bytes = 0, k = weight == "bf16" ? 2 : 1;
  for (int64_t n : outputs)
    if (quantized())
      bytes += llvm::divideCeil(n, 16) * schemeOf(weight).panelBytes(inputs);
    else
      bytes += llvm::alignTo(n, 16) * llvm::alignTo(inputs, k) * (weight == "f32" ? 4 : 2);
  return gateUp ? 2 * bytes : bytes;
}

int64_t tenon::test::LinearText::flops() const {
  int64_t flops = 0;
  for (int64_t n : outputs)
    flops += 2 * rows * n * inputs;
  return gateUp ? 2 * flops : flops;
}
