;; One row of logits at a time, float32 SIMD, float64 sums across blocks. Compiled by tools/build-wasm.mjs into
;; log-softmax-wasm.ts. Exponentials are base 2: the callers' scale holds log2(e) / temperature. 2^y = 2^n 2^f with n the
;; nearest integer (left in the low mantissa bits by adding 1.5 * 2^23) and 2^f a degree-5 minimax polynomial on
;; [-1/2, 1/2], relative error 7.5e-8. y below -126 counts as -126 (1.2e-38); NaN stays NaN. Written out in each loop
;; because engines do not inline Wasm calls.
(module
  (memory (export "memory") 1)

  (func $add_lanes (param $x v128) (result f64)
    (f64.add
      (f64.add (f64.promote_f32 (f32x4.extract_lane 0 (local.get $x))) (f64.promote_f32 (f32x4.extract_lane 1 (local.get $x))))
      (f64.add (f64.promote_f32 (f32x4.extract_lane 2 (local.get $x))) (f64.promote_f32 (f32x4.extract_lane 3 (local.get $x))))))

  ;; Largest logit of [pointer, end), a multiple of 32 bytes. NaN is passed over; the sums meet it.
  (func (export "maximum") (param $pointer i32) (param $end i32) (result f32)
    (local $m v128) (local $n v128)
    (local.set $m (v128.const f32x4 -inf -inf -inf -inf))
    (local.set $n (local.get $m))
    (loop $next
      (local.set $m (f32x4.pmax (local.get $m) (v128.load (local.get $pointer))))
      (local.set $n (f32x4.pmax (local.get $n) (v128.load offset=16 (local.get $pointer))))
      (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 32))) (local.get $end))))
    (local.set $m (f32x4.pmax (local.get $m) (local.get $n)))
    (f32.max
      (f32.max (f32x4.extract_lane 0 (local.get $m)) (f32x4.extract_lane 1 (local.get $m)))
      (f32.max (f32x4.extract_lane 2 (local.get $m)) (f32x4.extract_lane 3 (local.get $m)))))

  ;; sum of 2^(scale (x - maximum)); blocks of 512 logits are summed in float32, blocks in float64.
  (func (export "sumExp") (param $pointer i32) (param $end i32) (param $maximum f32) (param $scale f32) (result f64)
    (local $m v128) (local $s v128) (local $a v128) (local $b v128) (local $y v128) (local $z v128) (local $t v128) (local $u v128) (local $stop i32) (local $total f64)
    (local.set $m (f32x4.splat (local.get $maximum)))
    (local.set $s (f32x4.splat (local.get $scale)))
    (loop $block
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (local.get $a))
      (local.set $stop (i32.add (local.get $pointer) (i32.const 2048)))
      (if (i32.gt_u (local.get $stop) (local.get $end)) (then (local.set $stop (local.get $end))))
      (loop $next
        (local.set $y (f32x4.mul (local.get $s) (f32x4.sub (v128.load (local.get $pointer)) (local.get $m))))
        (local.set $z (f32x4.mul (local.get $s) (f32x4.sub (v128.load offset=16 (local.get $pointer)) (local.get $m))))
        (local.set $y (f32x4.pmax (local.get $y) (v128.const f32x4 -126 -126 -126 -126)))
        (local.set $t (f32x4.add (local.get $y) (v128.const f32x4 12582912 12582912 12582912 12582912)))
        (local.set $y (f32x4.sub (local.get $y) (f32x4.sub (local.get $t) (v128.const f32x4 12582912 12582912 12582912 12582912))))
        (local.set $y (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (v128.const f32x4 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609) (local.get $y)) (v128.const f32x4 0.009675540961325169 0.009675540961325169 0.009675540961325169 0.009675540961325169)) (local.get $y)) (v128.const f32x4 0.05550713092088699 0.05550713092088699 0.05550713092088699 0.05550713092088699)) (local.get $y)) (v128.const f32x4 0.24022120237350464 0.24022120237350464 0.24022120237350464 0.24022120237350464)) (local.get $y)) (v128.const f32x4 0.6931469440460205 0.6931469440460205 0.6931469440460205 0.6931469440460205)) (local.get $y)) (v128.const f32x4 1.0000001192092896 1.0000001192092896 1.0000001192092896 1.0000001192092896)))
        (local.set $y (i32x4.add (local.get $y) (i32x4.shl (local.get $t) (i32.const 23))))
        (local.set $z (f32x4.pmax (local.get $z) (v128.const f32x4 -126 -126 -126 -126)))
        (local.set $u (f32x4.add (local.get $z) (v128.const f32x4 12582912 12582912 12582912 12582912)))
        (local.set $z (f32x4.sub (local.get $z) (f32x4.sub (local.get $u) (v128.const f32x4 12582912 12582912 12582912 12582912))))
        (local.set $z (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (v128.const f32x4 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609) (local.get $z)) (v128.const f32x4 0.009675540961325169 0.009675540961325169 0.009675540961325169 0.009675540961325169)) (local.get $z)) (v128.const f32x4 0.05550713092088699 0.05550713092088699 0.05550713092088699 0.05550713092088699)) (local.get $z)) (v128.const f32x4 0.24022120237350464 0.24022120237350464 0.24022120237350464 0.24022120237350464)) (local.get $z)) (v128.const f32x4 0.6931469440460205 0.6931469440460205 0.6931469440460205 0.6931469440460205)) (local.get $z)) (v128.const f32x4 1.0000001192092896 1.0000001192092896 1.0000001192092896 1.0000001192092896)))
        (local.set $z (i32x4.add (local.get $z) (i32x4.shl (local.get $u) (i32.const 23))))
        (local.set $a (f32x4.add (local.get $a) (local.get $y)))
        (local.set $b (f32x4.add (local.get $b) (local.get $z)))
        (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 32))) (local.get $stop))))
      (local.set $total (f64.add (local.get $total) (call $add_lanes (f32x4.add (local.get $a) (local.get $b)))))
      (br_if $block (i32.lt_u (local.get $pointer) (local.get $end))))
    (local.get $total))

  ;; sum of y 2^y, y = max(scale (x - maximum), -126), for entropies.
  (func (export "sumWeighted") (param $pointer i32) (param $end i32) (param $maximum f32) (param $scale f32) (result f64)
    (local $m v128) (local $s v128) (local $a v128) (local $y v128) (local $z v128) (local $t v128) (local $stop i32) (local $total f64)
    (local.set $m (f32x4.splat (local.get $maximum)))
    (local.set $s (f32x4.splat (local.get $scale)))
    (loop $block
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $stop (i32.add (local.get $pointer) (i32.const 2048)))
      (if (i32.gt_u (local.get $stop) (local.get $end)) (then (local.set $stop (local.get $end))))
      (loop $next
        (local.set $y (f32x4.mul (local.get $s) (f32x4.sub (v128.load (local.get $pointer)) (local.get $m))))
        (local.set $z (f32x4.pmax (local.get $y) (v128.const f32x4 -126 -126 -126 -126)))
        (local.set $y (f32x4.pmax (local.get $y) (v128.const f32x4 -126 -126 -126 -126)))
        (local.set $t (f32x4.add (local.get $y) (v128.const f32x4 12582912 12582912 12582912 12582912)))
        (local.set $y (f32x4.sub (local.get $y) (f32x4.sub (local.get $t) (v128.const f32x4 12582912 12582912 12582912 12582912))))
        (local.set $y (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (v128.const f32x4 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609) (local.get $y)) (v128.const f32x4 0.009675540961325169 0.009675540961325169 0.009675540961325169 0.009675540961325169)) (local.get $y)) (v128.const f32x4 0.05550713092088699 0.05550713092088699 0.05550713092088699 0.05550713092088699)) (local.get $y)) (v128.const f32x4 0.24022120237350464 0.24022120237350464 0.24022120237350464 0.24022120237350464)) (local.get $y)) (v128.const f32x4 0.6931469440460205 0.6931469440460205 0.6931469440460205 0.6931469440460205)) (local.get $y)) (v128.const f32x4 1.0000001192092896 1.0000001192092896 1.0000001192092896 1.0000001192092896)))
        (local.set $y (i32x4.add (local.get $y) (i32x4.shl (local.get $t) (i32.const 23))))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $y) (local.get $z))))
        (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 16))) (local.get $stop))))
      (local.set $total (f64.add (local.get $total) (call $add_lanes (local.get $a))))
      (br_if $block (i32.lt_u (local.get $pointer) (local.get $end))))
    (local.get $total))

  ;; x <- p (a + b log2 p) in place, log2 p = scale (x - maximum) - shift: gradient of logp and entropy, off the target.
  (func (export "gradient") (param $pointer i32) (param $end i32) (param $maximum f32) (param $scale f32) (param $shift f32) (param $a f32) (param $b f32)
    (local $y v128) (local $z v128) (local $t v128)
    (loop $next
      (local.set $y (f32x4.sub
        (f32x4.mul (f32x4.splat (local.get $scale)) (f32x4.sub (v128.load (local.get $pointer)) (f32x4.splat (local.get $maximum))))
        (f32x4.splat (local.get $shift))))
      (local.set $z (f32x4.pmax (local.get $y) (v128.const f32x4 -126 -126 -126 -126)))
        (local.set $y (f32x4.pmax (local.get $y) (v128.const f32x4 -126 -126 -126 -126)))
        (local.set $t (f32x4.add (local.get $y) (v128.const f32x4 12582912 12582912 12582912 12582912)))
        (local.set $y (f32x4.sub (local.get $y) (f32x4.sub (local.get $t) (v128.const f32x4 12582912 12582912 12582912 12582912))))
        (local.set $y (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (f32x4.add (f32x4.mul (v128.const f32x4 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609 0.0013276472454890609) (local.get $y)) (v128.const f32x4 0.009675540961325169 0.009675540961325169 0.009675540961325169 0.009675540961325169)) (local.get $y)) (v128.const f32x4 0.05550713092088699 0.05550713092088699 0.05550713092088699 0.05550713092088699)) (local.get $y)) (v128.const f32x4 0.24022120237350464 0.24022120237350464 0.24022120237350464 0.24022120237350464)) (local.get $y)) (v128.const f32x4 0.6931469440460205 0.6931469440460205 0.6931469440460205 0.6931469440460205)) (local.get $y)) (v128.const f32x4 1.0000001192092896 1.0000001192092896 1.0000001192092896 1.0000001192092896)))
        (local.set $y (i32x4.add (local.get $y) (i32x4.shl (local.get $t) (i32.const 23))))
      (v128.store (local.get $pointer)
        (f32x4.mul (local.get $y)
          (f32x4.add (f32x4.splat (local.get $a)) (f32x4.mul (f32x4.splat (local.get $b)) (local.get $z)))))
      (br_if $next (i32.lt_u (local.tee $pointer (i32.add (local.get $pointer) (i32.const 16))) (local.get $end))))))
