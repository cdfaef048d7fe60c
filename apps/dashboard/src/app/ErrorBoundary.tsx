import { Component, type ReactNode } from 'react';
import controls from '../design/controls.module.css';

interface State {
  readonly error: Error | null;
}

/** A page that fails leaves the rail, the strip and the connection alone. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className={controls['notice']} role="alert">
        <strong>This page has failed.</strong>
        <p>{error.message}</p>
        <button type="button" className={controls['button']} onClick={() => this.setState({ error: null })}>
          Draw it again
        </button>
      </div>
    );
  }
}
