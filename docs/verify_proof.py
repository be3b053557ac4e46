"""Checks a run's proof with the standard library alone: python -I verify_proof.py PROOF.json VERIFIER-KEY. Exit 1: it does not hold."""
import base64, hashlib, json, sys  # noqa: E401, I001 - in at most 60 lines, so that all of it can be read
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032, section 5.1
D = -121665 * pow(121666, -1, P) % P
sys.excepthook = lambda kind, error, _: print(f"the proof does not hold: it can't be read ({kind.__name__}: {error})", file=sys.stderr)
need = lambda holds, why: holds or sys.exit(f"the proof does not hold: {why}")  # noqa: E731
unpack = lambda texts: [base64.b64decode(text, validate=True) for text in texts]  # noqa: E731
def point(data):  # section 5.1.3
    y, odd = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - square) % P == 0 and (x or not odd), "a key or a signature is no point of the curve")
    return (P - x if x % 2 != odd else x), y
def add(p, q):  # section 5.1.4, in affine coordinates
    k = D * p[0] * q[0] * p[1] * q[1]
    return (p[0] * q[1] + p[1] * q[0]) * pow(1 + k, -1, P) % P, (p[1] * q[1] + p[0] * q[0]) * pow(1 - k, -1, P) % P
def times(n, p):
    return (0, 1) if n == 0 else add(times(n // 2, add(p, p)), p if n % 2 else (0, 1))
def signed(key, text, signature):  # section 5.1.7
    base, s = point((4 * pow(5, -1, P) % P).to_bytes(32, "little")), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    return len(signature) == 64 and s < ORDER and times(s, base) == add(point(signature[:32]), times(h, point(key)))
def checkpoint(note):  # c2sp.org/signed-note and c2sp.org/tlog-checkpoint: who signed which size and which root
    (name, number, key), (text, signatures) = sys.argv[2].strip().split("+", 2), note.rsplit("\n\n", 1)
    found = hashlib.sha256(name.encode() + b"\n" + (key := unpack([key])[0])).hexdigest()[:8]
    need(len(key) == 33 and key[0] == 1 and found == number, "the verifier key is none")
    made = unpack(line.split(" ")[2] for line in signatures.splitlines() if line.startswith(f"— {name} "))
    good = any(one[:4].hex() == number and signed(key[1:], (text + "\n").encode(), one[4:]) for one in made)
    origin, size, root = need(good, f"{name} did not sign the checkpoint") and text.split("\n")[:3]
    print(f"signed by {name}: {origin} has {size} frames and the Merkle root {root}")
    return origin, int(size), *unpack([root])
node = lambda left, right: hashlib.sha256(b"\1" + left + right).digest()  # noqa: E731 - RFC 6962, section 2.1
def climb(index, last, first, second, path):  # RFC 9162, sections 2.1.3.2 and 2.1.4.2: both roots, the older and the newer one
    for other in path:
        need(last > 0, "a path is too long")
        if index % 2 or index == last:
            first, second = node(other, first), node(other, second)
            low = (index & -index).bit_length() - 1
            index, last = index >> low, last >> low
        else:
            second = node(second, other)
        index, last = index >> 1, last >> 1
    return need(last == 0, "a path is too short") and (first, second)
origin, size, root = checkpoint((proof := json.load(open(sys.argv[1], encoding="utf-8")))["checkpoint"])
frames = [(one["leaf"], *unpack([one["bytes"]]), unpack(one["path"])) for one in proof["frames"]]
for seq, (leaf, frame, path) in enumerate(frames):  # bytes 8 to 16 of a frame: the run's number; 16 to 20: the frame's number in it
    start = hashlib.sha256(b"\0" + frame).digest()
    need(0 <= leaf < size and climb(leaf, size - 1, start, start, path)[1] == root, f"frame {leaf} is not in the tree")
    need(frame[8:20] == frames[0][1][8:16] + seq.to_bytes(4, "little"), f"frame {leaf} is not number {seq} of the run")
run = sum("0123456789abcdefghjkmnpqrstvwxyz".index(letter) << 5 * place for place, letter in enumerate(reversed(proof["run"])))
need(frames and run.to_bytes(16, "big") in frames[0][1], f"the first frame does not start run {proof['run']}")
print(f"in that tree: frames {', '.join(str(leaf) for leaf, _, _ in frames)}, the first {len(frames)} of run {proof['run']}")
if proof["older"] is not None:
    (whose, less, old), path = checkpoint(proof["older"]), unpack(proof["consistency"])
    need(whose == origin and 0 < less <= size, "the older checkpoint is not of the same journal, or not older")
    low, begin = (less & -less).bit_length() - 1, old if less & (less - 1) == 0 or less == size else path.pop(0)
    both = (old, old) if less == size else climb(less - 1 >> low, size - 1 >> low, begin, begin, path)
    need(both == (old, root), "the newer checkpoint does not continue the older one")
    print(f"nothing of the first {less} frames was changed or removed")
