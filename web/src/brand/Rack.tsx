import "./rack.css";

const TICKS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

function Dial({ x, y, size, turn }: { x: number; y: number; size: number; turn: number }) {
  return (
    <g transform={`translate(${x} ${y})`}>
      {TICKS.map((tick) => (
        <line
          key={tick}
          className="rack-tick"
          y1={-size - 7}
          y2={-size - 4}
          transform={`rotate(${-135 + (270 / 8) * tick})`}
        />
      ))}
      <circle className="rack-skirt" r={size} />
      <circle className="rack-cap" r={size * 0.78} />
      <line className="rack-pointer" y1={-size * 0.92} y2={-size * 0.4} transform={`rotate(${turn})`} />
    </g>
  );
}

function Socket({ x, y }: { x: number; y: number }) {
  return (
    <g transform={`translate(${x} ${y})`}>
      <path className="rack-nut" d="M0-13 11.3-6.5v13L0 13-11.3 6.5v-13z" />
      <circle className="rack-hole" r="5.5" />
    </g>
  );
}

/** A cable that hangs from one socket to another. */
function Cable({
  from,
  to,
  sag,
  colour,
}: {
  from: [number, number];
  to: [number, number];
  sag: number;
  colour: string;
}) {
  const [x1, y1] = from;
  const [x2, y2] = to;
  const low = Math.max(y1, y2) + sag;
  const path = `M${x1} ${y1}C${x1 + (x2 - x1) * 0.12} ${low} ${x2 - (x2 - x1) * 0.12} ${low} ${x2} ${y2}`;
  return (
    <g className={colour}>
      <path className="rack-cable-shade" d={path} transform="translate(0 5)" />
      <path className="rack-cable" d={path} />
      <circle className="rack-plug" cx={x1} cy={y1} r="8" />
      <circle className="rack-plug" cx={x2} cy={y2} r="8" />
    </g>
  );
}

function Panel({ x, width, name }: { x: number; width: number; name: string }) {
  return (
    <g>
      <rect className="rack-panel" x={x} y="34" width={width} height="372" rx="4" />
      <circle className="rack-screw" cx={x + 14} cy="48" r="5" />
      <circle className="rack-screw" cx={x + width - 14} cy="48" r="5" />
      <circle className="rack-screw" cx={x + 14} cy="392" r="5" />
      <circle className="rack-screw" cx={x + width - 14} cy="392" r="5" />
      <text className="rack-name" x={x + width / 2} y="53">
        {name}
      </text>
    </g>
  );
}

/** A drawing of a rack with four modules, patched with cables. */
export function Rack() {
  return (
    <svg className="rack" viewBox="0 0 600 440" aria-hidden="true">
      <rect className="rack-case" width="600" height="440" rx="14" />
      <Panel x={22} width={130} name="CLOCK" />
      <Panel x={155} width={180} name="SCOPE" />
      <Panel x={338} width={110} name="FILTER" />
      <Panel x={451} width={127} name="OUT" />

      <Dial x={87} y={128} size={32} turn={40} />
      <Dial x={58} y={218} size={15} turn={-70} />
      <Dial x={116} y={218} size={15} turn={15} />
      <circle className="rack-led rack-led-slow" cx="87" cy="272" r="5" />

      <rect className="rack-screen" x="175" y="76" width="140" height="104" rx="6" />
      <path className="rack-grid" d="M175 128h140M210 76v104M245 76v104M280 76v104" />
      <path className="rack-wave" d="M183 128c9-52 20-52 29 0s20 52 29 0 20-52 29 0 20 52 37 0" />
      <Dial x={200} y={238} size={17} turn={-20} />
      <Dial x={245} y={238} size={17} turn={70} />
      <Dial x={290} y={238} size={17} turn={-100} />

      <Dial x={393} y={118} size={26} turn={-50} />
      <rect className="rack-slot" x="389" y="178" width="8" height="104" rx="4" />
      <rect className="rack-fader" x="376" y="212" width="34" height="16" rx="3" />

      <Dial x={514} y={122} size={30} turn={95} />
      <circle className="rack-led" cx="490" cy="196" r="4.5" />
      <circle className="rack-led" cx="490" cy="214" r="4.5" />
      <circle className="rack-led" cx="490" cy="232" r="4.5" />
      <circle className="rack-led rack-led-quick" cx="490" cy="250" r="4.5" />
      <circle className="rack-led" cx="538" cy="196" r="4.5" />
      <circle className="rack-led" cx="538" cy="214" r="4.5" />
      <circle className="rack-led rack-led-slow" cx="538" cy="232" r="4.5" />
      <circle className="rack-led rack-led-quick" cx="538" cy="250" r="4.5" />

      {[58, 116, 190, 245, 300, 370, 416, 490, 538].map((x) => (
        <Socket key={x} x={x} y={318} />
      ))}
      {[58, 116, 190, 300, 393, 514].map((x) => (
        <Socket key={x} x={x} y={362} />
      ))}

      <Cable from={[116, 318]} to={[190, 362]} sag={38} colour="rack-teal" />
      <Cable from={[300, 318]} to={[370, 318]} sag={62} colour="rack-coral" />
      <Cable from={[58, 362]} to={[245, 318]} sag={48} colour="rack-violet" />
      <Cable from={[416, 318]} to={[514, 362]} sag={40} colour="rack-honey" />
    </svg>
  );
}
