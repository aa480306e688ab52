;; One row of logits at a time, float32 SIMD with float64 sums across blocks. Compiled by tools/build-wasm.mjs into
;; log-softmax-wasm.ts. exp is Cephes' expf polynomial (relative error below 2e-7) after range reduction by ln 2.
(module
  (memory (export "memory") 1)

  ;; exp of four lanes; lanes below -87.3 count as -87.3 (1.2e-38), NaN stays NaN.
  (func $exp (param $x v128) (result v128)
    (local $n v128)
    (local.set $x (f32x4.max (local.get $x) (v128.const f32x4 -87.3 -87.3 -87.3 -87.3)))
    (local.set $n (f32x4.nearest (f32x4.mul (local.get $x) (v128.const f32x4 1.44269504 1.44269504 1.44269504 1.44269504))))
    (local.set $x (f32x4.sub (local.get $x) (f32x4.mul (local.get $n) (v128.const f32x4 0.693359375 0.693359375 0.693359375 0.693359375))))
    (local.set $x (f32x4.add (local.get $x) (f32x4.mul (local.get $n) (v128.const f32x4 2.12194440e-4 2.12194440e-4 2.12194440e-4 2.12194440e-4))))
    (f32x4.mul
      (f32x4.add (f32x4.add (f32x4.mul (f32x4.mul (local.get $x) (local.get $x))
        (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul
          (v128.const f32x4 1.9875691500e-4 1.9875691500e-4 1.9875691500e-4 1.9875691500e-4) (local.get $x))
          (v128.const f32x4 1.3981999507e-3 1.3981999507e-3 1.3981999507e-3 1.3981999507e-3)) (local.get $x))
          (v128.const f32x4 8.3334519073e-3 8.3334519073e-3 8.3334519073e-3 8.3334519073e-3)) (local.get $x))
          (v128.const f32x4 4.1665795894e-2 4.1665795894e-2 4.1665795894e-2 4.1665795894e-2)) (local.get $x))
          (v128.const f32x4 1.6666665459e-1 1.6666665459e-1 1.6666665459e-1 1.6666665459e-1)) (local.get $x))
          (v128.const f32x4 0.5 0.5 0.5 0.5)))
        (local.get $x)) (v128.const f32x4 1 1 1 1))
      (i32x4.shl (i32x4.add (i32x4.trunc_sat_f32x4_s (local.get $n)) (v128.const i32x4 127 127 127 127)) (i32.const 23))))

  (func $add_lanes (param $x v128) (result f64)
    (f64.add
      (f64.add (f64.promote_f32 (f32x4.extract_lane 0 (local.get $x))) (f64.promote_f32 (f32x4.extract_lane 1 (local.get $x))))
      (f64.add (f64.promote_f32 (f32x4.extract_lane 2 (local.get $x))) (f64.promote_f32 (f32x4.extract_lane 3 (local.get $x))))))

  ;; Largest logit of [pointer, end), a multiple of 16 bytes.
  (func (export "maximum") (param $pointer i32) (param $end i32) (result f32)
    (local $m v128)
    (local.set $m (v128.const f32x4 -inf -inf -inf -inf))
    (loop $next
      (local.set $m (f32x4.max (local.get $m) (v128.load (local.get $pointer))))
      (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 16))) (local.get $end))))
    (f32.max
      (f32.max (f32x4.extract_lane 0 (local.get $m)) (f32x4.extract_lane 1 (local.get $m)))
      (f32.max (f32x4.extract_lane 2 (local.get $m)) (f32x4.extract_lane 3 (local.get $m)))))

  ;; sum of exp(scale (x - maximum)); blocks of 512 logits are summed in float32, blocks in float64.
  (func (export "sumExp") (param $pointer i32) (param $end i32) (param $maximum f32) (param $scale f32) (result f64)
    (local $m v128) (local $s v128) (local $a v128) (local $b v128) (local $stop i32) (local $total f64)
    (local.set $m (f32x4.splat (local.get $maximum)))
    (local.set $s (f32x4.splat (local.get $scale)))
    (loop $block
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $stop (i32.add (local.get $pointer) (i32.const 2048)))
      (if (i32.gt_u (local.get $stop) (local.get $end)) (then (local.set $stop (local.get $end))))
      (loop $next
        (local.set $a (f32x4.add (local.get $a) (call $exp (f32x4.mul (local.get $s) (f32x4.sub (v128.load (local.get $pointer)) (local.get $m))))))
        (local.set $b (f32x4.add (local.get $b) (call $exp (f32x4.mul (local.get $s) (f32x4.sub (v128.load offset=16 (local.get $pointer)) (local.get $m))))))
        (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 32))) (local.get $stop))))
      (local.set $total (f64.add (local.get $total) (f64.add (call $add_lanes (local.get $a)) (call $add_lanes (local.get $b)))))
      (br_if $block (i32.lt_u (local.get $pointer) (local.get $end))))
    (local.get $total))

  ;; sum of z exp(z), z = scale (x - maximum), for entropies; z below -87.3 counts as -87.3.
  (func (export "sumWeighted") (param $pointer i32) (param $end i32) (param $maximum f32) (param $scale f32) (result f64)
    (local $m v128) (local $s v128) (local $a v128) (local $z v128) (local $stop i32) (local $total f64)
    (local.set $m (f32x4.splat (local.get $maximum)))
    (local.set $s (f32x4.splat (local.get $scale)))
    (loop $block
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $stop (i32.add (local.get $pointer) (i32.const 2048)))
      (if (i32.gt_u (local.get $stop) (local.get $end)) (then (local.set $stop (local.get $end))))
      (loop $next
        (local.set $z (f32x4.max (v128.const f32x4 -87.3 -87.3 -87.3 -87.3)
          (f32x4.mul (local.get $s) (f32x4.sub (v128.load (local.get $pointer)) (local.get $m)))))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $z) (call $exp (local.get $z)))))
        (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 16))) (local.get $stop))))
      (local.set $total (f64.add (local.get $total) (call $add_lanes (local.get $a))))
      (br_if $block (i32.lt_u (local.get $pointer) (local.get $end))))
    (local.get $total))

  ;; x <- p (a + b log p) in place, log p = scale (x - maximum) - shift: the gradient of logp and entropy, off the target.
  (func (export "gradient") (param $pointer i32) (param $end i32) (param $maximum f32) (param $scale f32) (param $shift f32) (param $a f32) (param $b f32)
    (local $z v128)
    (loop $next
      (local.set $z (f32x4.max (v128.const f32x4 -87.3 -87.3 -87.3 -87.3)
        (f32x4.sub
          (f32x4.mul (f32x4.splat (local.get $scale)) (f32x4.sub (v128.load (local.get $pointer)) (f32x4.splat (local.get $maximum))))
          (f32x4.splat (local.get $shift)))))
      (v128.store (local.get $pointer)
        (f32x4.mul (call $exp (local.get $z))
          (f32x4.add (f32x4.splat (local.get $a)) (f32x4.mul (f32x4.splat (local.get $b)) (local.get $z)))))
      (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 16))) (local.get $end))))))
